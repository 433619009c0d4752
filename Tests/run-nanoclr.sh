#!/usr/bin/env bash
# The device tests, or any program for boards, in nanoFramework's virtual device (nanoCLR) on this machine.
#
#   Tests/run-nanoclr.sh                     the device tests; the last line is "N passed, N failed"
#   Tests/run-nanoclr.sh run FOLDER          the program of the .nfproj in FOLDER
#   Tests/run-nanoclr.sh sizes FOLDER...     bytes of pe files
#   Tests/run-nanoclr.sh --help              more
#
# What of nanoFramework is where: environment variables, or members of Tests/nanoclr.local.json (git ignores it).
#   NANOSYNC_NANOCLR          "host"               nanoCLR; default: nanoclr on the PATH
#   NANOSYNC_NANO_MDP         "metadataProcessor"  command line of the metadata processor
#   NANOSYNC_NANO_ASSEMBLIES  "assemblies"         folders with nanoFramework's .dll and .pe; default: packages/*/lib
#
# Exit code 0: passed. 1: failed. 2: wrong use. 3: something is missing here, and it says what; neither pass nor failure.
set -euo pipefail
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
project="$(dirname "$0")/NanoRun/NanoSync.NanoRun.csproj"
command -v dotnet >/dev/null || { echo "The .NET SDK is missing: https://dot.net"; exit 3; }
log=$(dotnet build "$project" -c Release -v quiet -nologo) || { echo "$log"; exit 1; }
exec dotnet "$(dirname "$project")/bin/Release/net10.0/NanoSync.NanoRun.dll" "$@"
