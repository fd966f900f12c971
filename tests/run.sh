#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need, builds, and runs all of them. The last line is
# "N passed, N failed"; a test that was skipped counts as failed.
#
# usage: tests/run.sh [--unit] [--e2e] [--fuzz] [--asan] [--tsan]
#   --unit  sources, unit tests, deploy
#   --e2e   against the real servers, faults included
#   --fuzz  each fuzzer for a few seconds (PREMURA_FUZZ_SECONDS)
#   none of these: all three
#   --asan  the unit tests with AddressSanitizer and UndefinedBehaviorSanitizer
#   --tsan  the unit tests with ThreadSanitizer
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/packages.sh

unit='' e2e='' fuzz='' asan='' tsan=''
for option; do
  case $option in
    --unit) unit=1 ;;
    --e2e) e2e=1 ;;
    --fuzz) fuzz=1 ;;
    --asan) asan=1 ;;
    --tsan) tsan=1 ;;
    *) sed -n 's/^# \{0,1\}//; 6,12p' "$0" >&2; exit 2 ;;
  esac
done
[ -n "$unit$e2e$fuzz$asan$tsan" ] || unit=1 e2e=1 fuzz=1

results=$(mktemp -d)
policy=''
trap '[ -z "$policy" ] || as_root rm -f /usr/sbin/policy-rc.d; rm -rf "$results"' EXIT
trap 'exit 130' INT TERM

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

# A step that leaves no results is one failed test of that name.
broken() {
  python3 tests/support/tally.py --broken "$1" "$results/$1.xml"
  echo "run.sh: $1 did not get as far as its tests" >&2
}

install_missing() {
  local -a missing
  mapfile -t missing < <(missing_packages deploy/packages.txt tests/support/packages.txt)
  # Wherever it comes from.
  command -v npm > /dev/null || missing+=(npm)
  [ ${#missing[@]} != 0 ] || return 0
  step "installing ${#missing[@]} packages"
  # The servers are for the tests to start, not for apt.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=1
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d > /dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
  fi
  as_root apt-get update -q > /dev/null
  as_root apt-get install -y -q --no-install-recommends debconf-utils > /dev/null 2>&1
  echo 'postfix postfix/main_mailer_type select No configuration' | as_root debconf-set-selections
  install_packages "${missing[@]}"
}

# usage: build PRESET [TARGET..]
build() {
  local preset=$1
  shift
  step "building $preset"
  cmake --preset "$preset" > "$results/configure.log" || { cat "$results/configure.log" >&2; return 1; }
  nice cmake --build --preset "$preset" ${1:+--target "$@"} > "$results/build.log" ||
    { grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$results/build.log" | tail -n 60 >&2; return 1; }
}

# usage: unit_tests PRESET [CTEST OPTION..]
unit_tests() {
  local preset=$1
  shift
  build "$preset" || { broken "build-$preset"; return 0; }
  step "unit tests, $preset"
  ctest --test-dir "build/$preset" -j 3 --timeout 300 --output-on-failure --no-tests=error \
    --output-junit "$results/unit-$preset.xml" "$@" > "$results/ctest.log" ||
    grep -vE '^ *[0-9]+/[0-9]+ Test .* Passed|^ *Start ' "$results/ctest.log" || true
  [ -s "$results/unit-$preset.xml" ] || broken "unit-$preset"
}

# usage: python_tests NAME FOLDER..
python_tests() {
  local name=$1
  shift
  step "$name"
  /usr/bin/python3 -m pytest -q -p no:cacheprovider --durations=10 --durations-min=10 --junitxml="$results/$name.xml" "$@" || true
  [ -s "$results/$name.xml" ] || broken "$name"
}

# Each takes minutes, and waits most of the time.
whole_program() {
  local kills=tests/faults/test_kill_loop.py
  {
    python_tests kills "$kills"
    [ -z "$fuzz" ] || build fuzz || true  # Tried again, and told, when it is its turn.
  } > "$results/kills.log" 2>&1 &
  python_tests faults tests/faults --ignore="$kills" > "$results/faults.log" 2>&1 &
  python_tests e2e tests/e2e
  wait
  cat "$results/kills.log" "$results/faults.log"
}

install_missing
export PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
if [ -n "$unit" ]; then
  unit_tests release
  python_tests sources tests/source
  python_tests deploy tests/deploy
  python_tests editor tests/rules
fi
[ -z "$asan" ] || unit_tests asan -LE servers
[ -z "$tsan" ] || unit_tests tsan -LE servers
if [ -n "$e2e" ]; then
  if [ -n "$unit" ] || build release premura; then whole_program; else broken build-release; fi
fi
if [ -n "$fuzz" ]; then
  if build fuzz; then python_tests fuzz tests/fuzz; else broken build-fuzz; fi
fi

step "done"
python3 tests/support/tally.py "$results"/*.xml
