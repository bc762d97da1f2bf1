#!/usr/bin/env bash
# Starts the official image ${SALEOR_IMAGE} against PostgreSQL and Valkey of this machine, for `make test-saleor`.
# Writes official-saleor.env with SALEOR_API_URL, SALEOR_EMAIL, SALEOR_PASSWORD and SALEOR_TOKEN. Wants Docker on Linux:
# the containers share the machine's network, because Saleor and Ponte reach each other on 127.0.0.1.
set -euo pipefail
image=${SALEOR_IMAGE:?name the image, e.g. ghcr.io/saleor/saleor:3.23.28}
port=${SALEOR_PORT:-8200}
environment=$(mktemp)
trap 'rm -f "$environment"' EXIT

# Webhooks are signed with this key. An env file takes one line a variable, so the key goes by --env from this shell.
RSA_PRIVATE_KEY=$(openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null)
export RSA_PRIVATE_KEY
cat >"$environment" <<EOF
DEBUG=False
SECRET_KEY=$(openssl rand -hex 32)
DATABASE_URL=${SALEOR_DATABASE_URL:-postgres://saleor:saleor@127.0.0.1:5432/saleor}
CACHE_URL=${SALEOR_CACHE_URL:-redis://127.0.0.1:6379/0}
CELERY_BROKER_URL=${SALEOR_BROKER_URL:-redis://127.0.0.1:6379/1}
PUBLIC_URL=http://127.0.0.1:$port/
ALLOWED_HOSTS=127.0.0.1,localhost
ALLOWED_CLIENT_HOSTS=127.0.0.1,localhost
HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS=True
DEFAULT_CHANNEL_SLUG=cn
EMAIL_URL=consolemail://
DEFAULT_FROM_EMAIL=noreply@example.com
SEND_USAGE_TELEMETRY=False
EOF

saleor() { # saleor DOCKER-OPTIONS… -- COMMAND…
    local options=()
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    docker run --network host --env-file "$environment" --env RSA_PRIVATE_KEY "${options[@]}" "$image" "$@"
}
manage() { saleor --rm -- python3 manage.py "$@"; }

manage migrate --verbosity 0
email=admin@example.com DJANGO_SUPERUSER_PASSWORD=$(openssl rand -hex 12)
export DJANGO_SUPERUSER_PASSWORD
saleor --rm --env DJANGO_SUPERUSER_PASSWORD -- python3 manage.py createsuperuser --noinput --email "$email"
permissions=()
for name in HANDLE_CHECKOUTS HANDLE_PAYMENTS HANDLE_TAXES MANAGE_APPS MANAGE_CHANNELS MANAGE_CHECKOUTS MANAGE_ORDERS \
    MANAGE_PRODUCTS MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES MANAGE_SETTINGS MANAGE_SHIPPING MANAGE_TAXES MANAGE_TRANSLATIONS; do
    permissions+=(--permission "$name")
done
token=$(manage create_app "Set-up" --activate "${permissions[@]}" | sed -n 's/.*"auth_token": "\([^"]*\)".*/\1/p' | tail -n 1)
[ -n "$token" ] || { echo "ponte: Saleor's create_app told no token" >&2; exit 1; }

# The worker makes thumbnails of the pictures that the API takes in, so both see one folder.
start() { # start NAME COMMAND…
    saleor --detach --name "$1" --volume saleor-media:/app/media -- "${@:2}" >/dev/null
}
celery=(celery --app saleor.celeryconf:app)
start saleor-api uvicorn saleor.asgi:application --host 127.0.0.1 --port "$port" --workers 2 --lifespan auto --ws none
start saleor-worker "${celery[@]}" worker --loglevel warning
start saleor-scheduler "${celery[@]}" beat --loglevel warning --scheduler saleor.schedulers.schedulers.DatabaseScheduler

umask 077
cat >official-saleor.env <<EOF
export SALEOR_API_URL=http://127.0.0.1:$port/graphql/ SALEOR_EMAIL=$email SALEOR_PASSWORD=$DJANGO_SUPERUSER_PASSWORD SALEOR_TOKEN=$token
EOF
for _ in $(seq 60); do
    if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/.well-known/jwks.json"; then
        echo "Saleor $image answers on port $port"
        exit 0
    fi
    sleep 2
done
docker logs --tail 50 saleor-api >&2
echo "ponte: Saleor did not answer within two minutes" >&2
exit 1
