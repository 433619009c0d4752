#!/usr/bin/env bash
# Breaks a project of ours in each place that Stryker knows, one at a time, and says which of it the tests do not notice.
#
#   Tests/mutate.sh PROJECT TESTS[:CLASS[.TEST],...] FILE[:MUTANT]...
#   Tests/mutate.sh Protocol.Lite DeviceTests MessageReader.cs WbxmlReader.cs
#   Tests/mutate.sh Device ServerTests:DeviceRuleTests,SeriesTests SyncEngine.Reply.cs
#
# Stryker makes the mutants and compiles them into one assembly; Tests/Mutation runs them (there it says why). For each that
# lives it prints line, number, what was there and what is there instead; at the end a line per file: mutants, killed, hung,
# survived, covered by no test, score. A test that is named runs also where it is slow; -CLASS.TEST leaves one out. No test starts it. With KEEP=1 the mutants of the run before are taken
# again, so that a new test can be tried at once.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
[ $# -ge 3 ] || { sed -n 's/^# \{0,1\}//; 2,12p' "$0"; exit 2; }

tests=${2%%:*}
export NANOSYNC_MUTATION_CLASSES=
[ "$tests" = "$2" ] || NANOSYNC_MUTATION_CLASSES=${2#*:}
project=$(find . -name "NanoSync.$1.csproj" -not -path '*/obj/*' | head -1)
[ -n "$project" ] || { echo "no project NanoSync.$1.csproj"; exit 2; }
testProject=$(find "Tests/$tests" -maxdepth 1 -name '*.csproj' | head -1)
assembly=$(basename "$testProject" .csproj)
bin=$PWD/Tests/$tests/bin/Release/net10.0
kept=$PWD/Tests/Mutation/obj/$1
maker=$PWD/Tests/Mutation/obj/maker-$1
shift 2

dotnet build "$testProject" -c Release -v quiet -nologo
dotnet build Tests/Mutation -c Release -v quiet -nologo
mutated=$(basename "$project" .csproj).dll
if [ -z "${KEEP:-}" ] || [ ! -e "$kept/$mutated" ]; then
  rm -rf "$kept" "$maker"
  mkdir -p "$kept" "$maker"
  # Its report leaves out what lies in folders: such a project is copied, with all files in one.
  folder=$PWD/$(dirname "$project")
  mutates=$PWD/$project
  if [ "$(find "$folder" -name '*.csproj' | wc -l)" = 1 ] && [ -n "$(find "$folder" -mindepth 2 -name '*.cs' -not -path '*/obj/*' -print -quit)" ]; then
    mkdir "$maker/flat"
    find "$folder" -name '*.cs' -not -path '*/obj/*' -not -path '*/bin/*' -exec cp -t "$maker/flat" {} +
    mutates=$maker/flat/$(basename "$project")
    sed "s|Include=\"\.\./|Include=\"$folder/../|" "$project" > "$mutates"
  fi
  # Stryker wants a test project that it can build and run; one with a single test is enough, since it is told to run no mutant.
  cat > "$maker/Maker.csproj" <<END
<Project Sdk="Microsoft.NET.Sdk">
  <Import Project="../../../../build/Tests.props" />
  <PropertyGroup><RestorePackagesWithLockFile>false</RestorePackagesWithLockFile></PropertyGroup>
  <ItemGroup><ProjectReference Include="$mutates" /></ItemGroup>
  <ItemGroup><Compile Remove="flat/**" /></ItemGroup>
</Project>
END
  printf '[assembly: DoNotParallelize]\n[TestClass]\npublic class Waits\n{\n    [TestMethod]\n    public void For_the_copy() => System.Threading.Thread.Sleep(3000); // until the assembly is copied\n}\n' > "$maker/Maker.cs"
  cd Tests/Mutation
  dotnet tool restore >/dev/null
  # It stops after its look at the coverage; the assembly with all mutants stands in the test project's folder from the first
  # test on until it puts the original back.
  EnableMSTestRunner=true dotnet stryker -t mtp -tp "$maker/Maker.csproj" -p "$(basename "$project")" -m '!**/*' -O "$kept/report" --skip-version-check > "$kept/stryker.log" 2>&1 &
  stryker=$!
  made=$maker/bin/Release/net10.0
  while kill -0 $stryker 2>/dev/null; do
    if [ ! -e "$kept/$mutated" ] && [ -e "$made/$mutated.stryker-unchanged" ] && grep -q 'mutant coverage' "$kept/stryker.log"; then
      cp "$made/$mutated" "$kept/"
    fi
    sleep 0.05
  done
  wait $stryker || { tail -20 "$kept/stryker.log"; exit 1; }
  cd ../..
fi

run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
cp -r "$bin/." "$run"
cp "$kept/$mutated" Tests/Mutation/bin/Release/net10.0/NanoSync.Mutation.dll "$run"
dotnet Tests/Mutation/bin/Release/net10.0/NanoSync.Mutation.dll run "$run" "$assembly.dll" "$mutated" "$kept/report/reports/mutation-report.json" "$@"
