#!/usr/bin/env bash
# Makes the packages: ten for boards, from the .nuspec files, and the server as a dotnet tool.
#
#   build/pack.sh [--no-build] [--server-only] [FOLDER]
#
# Board packages need nanoFramework's project system (msbuild, nuget). The version is <Version> of Directory.Build.props.
# Exit code: 0 done; 64 wrong usage; 69 a tool is missing; 70 a build made no assembly.
set -euo pipefail
cd "$(dirname "$0")/.."
build=1
boards=1
out=packages-out
while [ $# -gt 0 ]; do
  case $1 in
    --no-build) build=0 ;;
    --server-only) boards=0 ;;
    -*) echo "usage: build/pack.sh [--no-build] [--server-only] [FOLDER]" >&2; exit 64 ;;
    *) out=$1 ;;
  esac
  shift
done

version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
mkdir -p "$out"
out=$(cd "$out" && pwd)

if [ $boards = 1 ]; then
  if [ $build = 1 ]; then
    for tool in nuget msbuild; do
      command -v $tool >/dev/null || { echo "pack.sh: missing: $tool, with nanoFramework's project system" >&2; exit 69; }
    done
  fi
  for spec in Device Protocol.Lite/Xml Storage/Files Device/App Device/LeanHttp Device/PlatformHttp Device/Sealed Device/Sealed/Files Device/Mail Device/Mqtt; do
    id=$(basename "$spec"/*.nuspec .nuspec)
    if [ $build = 1 ]; then
      nuget restore "$spec/packages.config" -PackagesDirectory packages
      msbuild "$spec/$id.nfproj" -p:Configuration=Release
    fi
    for kind in dll pe pdbx xml; do
      [ -f "$spec/bin/nano/Release/$id.$kind" ] || { echo "pack.sh: no $spec/bin/nano/Release/$id.$kind" >&2; exit 70; }
    done
    dotnet pack build/Nuspec.csproj -v q -nologo -o "$out" -p:NuspecFile="$PWD/$spec/$id.nuspec" -p:NuspecBasePath="$PWD/$spec" -p:NuspecProperties="version=$version"
  done
fi

more=(); [ $build = 1 ] || more=(--no-build)
dotnet pack Server/NanoSync.Server.csproj -c Release -v q -nologo -o "$out" "${more[@]}"
ls "$out"
