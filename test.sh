#!/usr/bin/env bash
# Passes all tests. Installs what they need (Debian packages) where it is missing; the .NET SDK must be there.
# The last line is "N passed, N failed"; the exit code is 0 only when something passed, nothing failed and nothing was skipped.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# tool -> package
need=()
for pair in bwrap:bubblewrap wbxml2xml:libwbxml2-utils /usr/sbin/exim4:exim4-daemon-light /usr/lib/dovecot/imap:dovecot-imapd /usr/lib/dovecot/pop3:dovecot-pop3d; do
  command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
done
if [ ${#need[@]} -gt 0 ]; then
  echo "installing ${need[*]}"
  sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

dotnet build NanoSync.sln -c Release -v minimal -nologo
# started in the background, a script has Ctrl-C ignored, and so would the programs that tests end with it
fresh=
if env --default-signal=INT true 2>/dev/null; then fresh="env --default-signal=INT"; fi
status=0
for project in Tests/*/*Tests*.csproj; do
  name=$(basename "$project" .csproj)
  echo "== $name"
  $fresh dotnet test "$project" -c Release --no-build --nologo --logger "trx;LogFileName=$results/$name.trx" --logger "console;verbosity=${VERBOSITY:-normal}" || status=1
  grep -hoE 'figures: [^<]*' "$results/$name.trx" 2>/dev/null | sort -u || true # what the tests measured
  # a project that ran nothing would otherwise go unnoticed
  if ! grep -qs '<Counters ' "$results/$name.trx"; then
    echo "FAILED: $name ran no tests"
    status=1
  fi
done

counters() { # sum of one counter over all projects
  { grep -hoE '<Counters [^>]*' "$results"/*.trx 2>/dev/null || true; } | { grep -oE " $1=\"[0-9]+\"" || true; } | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'
}
total=$(counters total)
passed=$(counters passed)
failed=$((total - passed)) # skipped, inconclusive and not run count as failed
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
  failed=1
fi
[ "$passed" -gt 0 ] && [ "$failed" = 0 ] || status=1
echo "$passed passed, $failed failed"
exit $status
