# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts that need Debian packages.

# usage: missing_packages FILE..   of those that the files list, one a line,
# what is not installed
missing_packages() {
  comm -23 \
    <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$@" | sort -u) \
    <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2> /dev/null | sed -n 's/ installed$//p' | sort -u)
}

# As root, with sudo if need be.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    echo "$(basename "$0"): this needs root, and there is no sudo: $*" >&2
    return 1
  fi
}

# usage: install_packages NAME..   quiet unless it fails
install_packages() {
  local log
  log=$(mktemp)
  if as_root apt-get update -q > "$log" 2>&1 &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >> "$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  tail -n 30 "$log" >&2
  echo "$(basename "$0"): the packages could not be installed; all of it is in $log" >&2
  return 1
}
