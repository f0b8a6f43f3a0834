"""The demo case: a desk in the middle of its day, made by the same services as everybody's work.

Its towns are real; the events are invented, but for the two videos that Stet was made for. No file is from
anywhere: all are drawn here and say so.
"""
