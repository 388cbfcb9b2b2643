#!/usr/bin/env bash
# What the tests need of the system and pip does not bring: a browser, gettext and faketime, by apt where they are missing.
set -euo pipefail

# Draws the same pages as Chromium with windows, in two thirds of the CPU; not every distribution has it.
SHELL_ONLY=chromium-headless-shell
OTHERS=(chromium chromium-browser google-chrome)

has() { command -v "$1" > /dev/null; }
has_other() { for name in "${OTHERS[@]}"; do if has "$name"; then return 0; fi; done; return 1; }

missing=()
has xgettext || missing+=(gettext)
has faketime || missing+=(faketime)
if ! has $SHELL_ONLY; then
  # Nobody is asked for a password where another browser will do.
  if ! has_other || { [ "$(id -u)" = 0 ] && has apt-get; }; then missing+=($SHELL_ONLY); fi
fi
[ ${#missing[@]} = 0 ] && exit

if [ "$(id -u)" = 0 ]; then as_root=(env); else as_root=(sudo); fi
if ! has apt-get || ! has "${as_root[0]}"; then
  echo "The tests need: ${missing[*]} - install them, or ask an administrator to." >&2
  exit 1
fi
printf '[%6.1f s] system packages: %s\n' "$(($(date +%s) - ${1:-$(date +%s)}))" "${missing[*]}"
"${as_root[@]}" apt-get update -qq > /dev/null
wanted=()
for package in "${missing[@]}"; do
  if [ "$package" != $SHELL_ONLY ] || apt-cache show $SHELL_ONLY > /dev/null 2>&1; then
    wanted+=("$package")
  elif ! has_other; then
    wanted+=(chromium)
  fi
done
[ ${#wanted[@]} = 0 ] ||
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" > /dev/null
