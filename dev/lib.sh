# Sourced by the scripts of dev/.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n== %s\n' "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# Installs what is missing of the given groups in dev/packages.
need_packages() {
  local group name missing=()
  for group in "$@"; do
    for name in $(sed -n "s/^$group //p" "$root/dev/packages"); do
      dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
  done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" = 0 ] || die "these packages are missing; run as root, or install them: ${missing[*]}"
  local log; log=$(mktemp)
  say "installing ${#missing[@]} packages (some minutes; apt-get writes to $log): ${missing[*]}"
  install_packages "${missing[@]}" >"$log" 2>&1 || { tail -20 "$log" >&2; die "packages could not be installed; the log is $log"; }
  rm -f "$log"
}

# Installing a daemon must not start it: the tests start their own. A shell of its own takes the rule back, also after Ctrl-C.
install_packages() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"
  fi
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
)
