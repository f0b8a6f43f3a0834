#!/bin/sh
# Makes the secrets that compose.yaml hands out, in deploy/secrets/. What is there stays as it is.
#
# The folder is its owner's alone. The files in it are readable by all, because a container reads them as a user of
# its own: Compose hands a file on with the owner and mode that it has here.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

fresh() { od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { # keep NAME: standard input becomes the secret, unless there is one
    if [ -e "$1" ]; then
        cat > /dev/null
    else
        cat > "$1"
        chmod 0444 "$1"
        echo "deploy/secrets/$1"
    fi
}

fresh | keep secret_key
fresh | keep database_owner_password
fresh | keep database_password
# The owner makes and alters tables; the desk itself may only read and write rows.
printf 'postgres://stet:%s@db:5432/stet' "$(cat database_owner_password)" | keep database_owner_url
printf 'postgres://stet_desk:%s@db:5432/stet' "$(cat database_password)" | keep database_url
