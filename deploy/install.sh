#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds premura and installs it on this machine: binary, shipped rules, unit,
# user `premura`, /etc/premura, /var/lib/premura. Starts nothing.
#
# usage: deploy/install.sh [PREFIX]     PREFIX: /usr/local
#
# With DESTDIR set, files only, below it: no user, no systemd. An existing
# /etc/premura/premura.yaml is never touched.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/packages.sh

prefix=${1:-/usr/local}
root=${DESTDIR:-}
case $prefix in /*) ;; *) echo "install.sh: PREFIX is not an absolute path: $prefix" >&2; exit 2 ;; esac
[ -n "$root" ] || [ "$(id -u)" = 0 ] || { echo "install.sh: needs root (or DESTDIR)" >&2; exit 2; }

mapfile -t missing < <(missing_packages deploy/packages.txt)
[ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"

cmake --preset release -DCMAKE_INSTALL_PREFIX="$prefix" > /dev/null
cmake --build --preset release --target premura
cmake --install build/release --strip > /dev/null

if [ -z "$root" ]; then
  getent passwd premura > /dev/null ||
    useradd --system --home-dir /var/lib/premura --shell /usr/sbin/nologin premura
  install -d -o root -g premura -m 0750 /etc/premura
  install -d -o premura -g premura -m 0750 /var/lib/premura
  [ ! -d /run/systemd/system ] || systemctl daemon-reload
else
  install -d -m 0750 "$root/etc/premura" "$root/var/lib/premura"
fi
if [ ! -e "$root/etc/premura/premura.yaml" ]; then
  sed "s|/usr/local/share/premura|$prefix/share/premura|" deploy/premura.yaml > "$root/etc/premura/premura.yaml"
  chmod 0640 "$root/etc/premura/premura.yaml"
  [ -n "$root" ] || chgrp premura /etc/premura/premura.yaml
fi

cat << TXT
premura is installed below $prefix.
  1. write /etc/premura/premura.yaml (it explains itself), secrets beside it, mode 0640, group premura
  2. sudo -u premura $prefix/bin/premura check
  3. sudo systemctl enable --now premura
TXT
case $prefix in
  /usr | /usr/local) ;;
  *) cat << TXT
systemd does not look below $prefix: before 3.
     sudo systemctl link $prefix/lib/systemd/system/premura.service
and call the command by its path, $prefix/bin/premura.
TXT
esac
