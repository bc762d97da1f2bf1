#!/bin/sh
# Browser tests want Chromium: use one that is there, install Debian's when we may, else go on without.
set -u
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "[test 0/2] installing Debian's chromium for the browser tests"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-noto-cjk; } >/dev/null 2>&1 && exit 0
fi
echo "ponte: no Chromium; the browser tests will not run (Debian: apt-get install chromium fonts-noto-cjk)"
