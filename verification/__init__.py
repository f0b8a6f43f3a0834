"""How what is claimed is verified, by whom, and with which outcome."""
