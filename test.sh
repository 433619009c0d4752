#!/usr/bin/env bash
# Passes all tests. Installs what they need (Debian packages) where it is missing; the .NET SDK must be there.
#
#   ./test.sh                      everything
#   ./test.sh --quick              the rules of codec, store, engine and server, and the gate: the inner loop
#   ./test.sh ServerTests ...      these projects of Tests/
#
# At the end stand the seconds of each project, those of the processor for it, and the slowest tests. The last line is
# "N passed, N failed"; the exit code is 0 only when something passed, nothing failed and nothing was skipped.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
export DOTNET_TieredPGO=0 # most code of a test runs a few times: to count what it does costs a tenth to a fifth of the processor time

projects=()
filter=
case "${1:-}" in
  "") projects=(Tests/*/*Tests*.csproj) ;;
  --quick)
    filter='TestCategory!=Slow'
    for name in DeviceTests StorageTests ServerTests NanoProfileTests; do projects+=(Tests/"$name"/*.csproj); done
    ;;
  -*) sed -n 's/^# \{0,1\}//; 2,9p' "$0"; exit 2 ;;
  *)
    for name in "$@"; do
      [ -d "Tests/$name" ] || { echo "no project Tests/$name; there are: $(cd Tests && ls -d *Tests | tr '\n' ' ')"; exit 2; }
      projects+=(Tests/"$name"/*.csproj)
    done
    ;;
esac

# tool -> package
install_missing() {
  local need=() pair
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
  done
  [ ${#need[@]} -gt 0 ] || return 0
  echo "installing ${need[*]}"
  local sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
}
postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1 || true) # initdb is not on the PATH
[ -n "$filter" ] || install_missing "${postgres:-/usr/lib/postgresql/bin}/initdb:postgresql" bwrap:bubblewrap wbxml2xml:libwbxml2-utils \
  /usr/sbin/exim4:exim4-daemon-light /usr/lib/dovecot/imap:dovecot-imapd /usr/lib/dovecot/pop3:dovecot-pop3d \
  /usr/sbin/mosquitto:mosquitto chromium:chromium node:nodejs npm:npm systemd-analyze:systemd

results=$(mktemp -d)
memory=
lanes=()
trap 'for lane in ${lanes[@]+"${lanes[@]}"}; do kill "$lane" 2>/dev/null || true; done; rm -rf "$results" ${memory:+"$memory"}' EXIT

status=0
if [ -z "$filter" ]; then
  dotnet build NanoSync.sln -c Release -v minimal -nologo
else
  for project in "${projects[@]}"; do dotnet build "$project" -c Release -v quiet -nologo; done
fi

# The tests make thousands of databases and flash stores, and each commit waits for the disk. No test cuts the machine's power,
# and what was written outlives a killed program in memory as on a disk: so their files lie in memory, where there is enough
# of it and programs in it may run (ToolTests installs one). Who sets TMPDIR decides otherwise.
if [ -z "${TMPDIR:-}" ] && [ "$(df -m --output=avail /dev/shm 2>/dev/null | tail -1)0" -ge 40000 ] \
  && [ "$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null)0" -ge 60000 ] && memory=$(mktemp -d /dev/shm/nst.XXXXXX); then
  chmod 1777 "$memory" # as /tmp: PostgreSQL and mail servers have users of their own
  printf '#!/bin/sh\n' > "$memory/try" && chmod +x "$memory/try"
  if "$memory/try" 2>/dev/null; then
    rm "$memory/try"
    export TMPDIR=$memory
  fi
fi

# started in the background, a script has Ctrl-C ignored, and so would the programs that tests end with it
fresh=
if env --default-signal=INT true 2>/dev/null; then fresh="env --default-signal=INT"; fi
run() { # one project; what it prints goes to the console
  local name began=$SECONDS failed=0 TIMEFORMAT='%U %S'
  name=$(basename "$1" .csproj)
  echo "== $name"
  { time $fresh $2 dotnet test "$1" -c Release --no-build --nologo ${filter:+--filter "$filter"} \
    --logger "trx;LogFileName=$results/$name.trx" --logger "console;verbosity=${VERBOSITY:-normal}" 2>&3; } 3>&2 2> "$results/$name.cpu" || failed=1
  grep -hoE 'figures: [^<]*' "$results/$name.trx" 2>/dev/null | sort -u || true # what the tests measured
  # a project that ran nothing would otherwise go unnoticed
  if ! grep -qs '<Counters ' "$results/$name.trx"; then
    echo "FAILED: $name ran no tests"
    failed=1
  fi
  printf '%6d s %6.0f s  %s\n' $((SECONDS - began)) "$(awk '{ n += $1 + $2 } END { print n + 0 }' "$results/$name.cpu")" "$name" >> "$results/times"
  return $failed
}

lane() { # runs projects that no other lane has, until there are none left; what each prints comes when it is done
  local nice=$1 project name
  shift
  for project in "$@"; do
    name=$(basename "$project" .csproj)
    mkdir "$results/$name.taken" 2>/dev/null || continue
    echo "== $name begins"
    run "$project" "$nice" > "$results/$name.log" 2>&1 || echo "$name" >> "$results/failed"
    until mkdir "$results/printing" 2>/dev/null; do sleep 0.1; done
    cat "$results/$name.log"
    rmdir "$results/printing"
  done
}

# What waits for programs and sockets leaves room for another beside it: two projects at a time, those that take longest first.
# The simulation needs the processor alone; it has what the others leave, and all of it when they are done.
front=()
beside=()
for name in EndToEndTests PostgresTests ServerTests PageTests ProxyTests '*'; do
  for project in "${projects[@]}"; do
    case " ${front[*]-} ${beside[*]-} " in *" $project "*) continue ;; esac
    case $project in
      Tests/SimulationTests/*) beside+=("$project") ;;
      Tests/$name/*) front+=("$project") ;;
    esac
  done
done
if [ ${#projects[@]} = 1 ]; then
  run "${projects[0]}" "" || status=1
else
  if [ ${#beside[@]} -gt 0 ]; then
    lane "nice -n 10" "${beside[@]}" &
    lanes+=($!)
  fi
  for ((i = 0; i < 2 && i < $(getconf _NPROCESSORS_ONLN) && i < ${#front[@]}; i++)); do
    lane "" "${front[@]}" &
    lanes+=($!)
  done
  for one in "${lanes[@]}"; do wait "$one" || status=1; done
  lanes=()
fi
[ ! -s "$results/failed" ] || status=1

counters() { # sum of one counter over all projects
  { grep -hoE '<Counters [^>]*' "$results"/*.trx 2>/dev/null || true; } | { grep -oE " $1=\"[0-9]+\"" || true; } | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'
}
slowest() { # seconds and name of the tests that took longest
  { grep -hoE '<UnitTestResult [^>]*' "$results"/*.trx 2>/dev/null || true; } \
    | sed -nE 's/.* testName="([^"]*)".* duration="([0-9]+):([0-9]+):([0-9.]+)".*/\2 \3 \4 \1/p' \
    | awk '{ s = $1 * 3600 + $2 * 60 + $3; $1 = $2 = $3 = ""; printf "%8.1f s %s\n", s, $0 }' | sort -rn | sed -n 1,10p
}
echo "== seconds of each project, and of the processor for it (without daemons, as PostgreSQL's, and a host that outlives its console)"
cat "$results/times"
echo "== slowest tests"
slowest
total=$(counters total)
passed=$(counters passed)
failed=$((total - passed)) # skipped, inconclusive and not run count as failed
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
  failed=1
fi
[ "$passed" -gt 0 ] && [ "$failed" = 0 ] || status=1
echo "$SECONDS seconds in all"
echo "$passed passed, $failed failed"
exit $status
