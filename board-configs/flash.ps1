<#
Builds the firmware and brings it, the network configuration and the settings onto a board: flash.sh for Windows.

  board-configs\flash.ps1 [-DryRun] [-Image FILE | -ConfigOnly] BOARD PORT

  BOARD        a folder of board-configs, such as ESP32_REV3
  PORT         serial port, such as COM3
  -DryRun      checks everything but tools and port, prints the commands with secrets masked, and runs nothing
  -Image FILE  flashes this deployment image instead of building one
  -ConfigOnly  leaves the firmware; writes network configuration and settings only

Secrets: NANOSYNC_SERVER, NANOSYNC_TOKEN or NANOSYNC_CLAIM (a code), NANOSYNC_WIFI_SSID, NANOSYNC_WIFI_PASSWORD, NANOSYNC_CA;
from the environment, else from the file that NANOSYNC_DEVICE names (one that `device enrol --out` wrote for this board), else
from board-configs\secrets.env (see secrets.env.example; NANOSYNC_SECRETS names another file).

Exit code: 0 done; 64 wrong usage, unknown board, no port; 66 a file is missing; 69 a tool is missing; 70 the build or
nanoff failed; 78 a secret is missing or malformed. With 64, 66, 69 and 78 nothing was touched.
#>
param(
    [switch]$DryRun,
    [string]$Image,
    [switch]$ConfigOnly,
    [Parameter(Position = 0)][string]$Board,
    [Parameter(Position = 1)][string]$Port
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$here = $PSScriptRoot
$root = Split-Path $here -Parent

function Fail([int]$code, [string]$message) {
    [Console]::Error.WriteLine("flash.ps1: $message")
    exit $code
}

function Usage([string]$message) {
    Fail 64 "$message`nusage: flash.ps1 [-DryRun] [-Image FILE | -ConfigOnly] BOARD PORT"
}

# ---- arguments ----
$boards = (Get-ChildItem "$here/*/board.json" | ForEach-Object { $_.Directory.Name } | Sort-Object) -join ' '
if (-not $Board) { Usage "which board? There are: $boards" }
if ($Board -notmatch '^[A-Za-z0-9_]+$' -or -not (Test-Path "$here/$Board/board.json")) { Usage "there is no board $Board. There are: $boards" }
if ($Board -eq 'virtual') { Fail 64 'the virtual board needs no flashing: dotnet run --project Device/Virtual' }
if (-not $Port) { Usage 'which port? Such as COM3' }
if ($Port -notmatch '^[A-Za-z0-9/._:-]+$') { Usage "port $Port has characters that no port has" }
if ($Image -and $ConfigOnly) { Usage '-Image and -ConfigOnly exclude each other' }
if ($Image -and -not (Test-Path $Image)) { Fail 66 "there is no image $Image" }
$there = if ($Port.StartsWith('/')) { Test-Path $Port } else { [System.IO.Ports.SerialPort]::GetPortNames() -contains $Port }
if (-not $DryRun -and -not $there) { Fail 64 "there is no port ${Port}: is the board plugged in?" }

$config = Get-Content "$here/$Board/board.json" -Raw | ConvertFrom-Json
$target = $config.target
$address = $config.deployAddress
$network = $config.network

# ---- secrets ----
$secrets = "$here/secrets.env"
if ($env:NANOSYNC_SECRETS) {
    $secrets = $env:NANOSYNC_SECRETS
    if (-not (Test-Path $secrets)) { Fail 66 "there is no file $secrets (NANOSYNC_SECRETS)" }
}

$device = $env:NANOSYNC_DEVICE
if ($device -and -not (Test-Path $device)) { Fail 66 "there is no file $device (NANOSYNC_DEVICE)" }

function In-File([string]$name, [string]$file) {
    if ($file -and (Test-Path $file)) {
        foreach ($line in Get-Content $file) {
            if ($line.StartsWith("$name=")) { return $line.Substring($name.Length + 1) }
        }
    }
    return ''
}

function Secret([string]$name) {
    $value = [Environment]::GetEnvironmentVariable($name)
    if (-not $value) { $value = In-File $name $device }
    if (-not $value) { $value = In-File $name $secrets }
    return $value
}

$server = Secret 'NANOSYNC_SERVER'
# a token or a code, from the first place that has either
$token = "$env:NANOSYNC_TOKEN"
$claim = "$env:NANOSYNC_CLAIM"
foreach ($file in @($device, $secrets)) {
    if (-not "$token$claim") {
        $token = In-File 'NANOSYNC_TOKEN' $file
        $claim = In-File 'NANOSYNC_CLAIM' $file
    }
}
$ssid = Secret 'NANOSYNC_WIFI_SSID'
$password = Secret 'NANOSYNC_WIFI_PASSWORD'
$authority = Secret 'NANOSYNC_CA'

$missing = ''
if (-not $server) { $missing += ' NANOSYNC_SERVER' }
if (-not "$token$claim") { $missing += ' NANOSYNC_TOKEN' }
if ($network -eq 'wifi') {
    if (-not $ssid) { $missing += ' NANOSYNC_WIFI_SSID' }
    if (-not $password) { $missing += ' NANOSYNC_WIFI_PASSWORD' }
}
$secure = $server.StartsWith('https://')
if ($secure -and -not $authority) { $missing += ' NANOSYNC_CA' }
if ($missing) { Fail 78 "missing:$missing. Set them in the environment or in board-configs/secrets.env" }

if ($server -notmatch '^https?://.') { Fail 78 'NANOSYNC_SERVER begins with http:// or https://' }
if ($server -notmatch '^[!-~]+$') { Fail 78 'NANOSYNC_SERVER: plain ASCII without spaces' }
if ($token -notmatch '^[!-~]*$') { Fail 78 'NANOSYNC_TOKEN: plain ASCII without spaces' }
if ($claim -notmatch '^[!-~]*$') { Fail 78 'NANOSYNC_CLAIM: plain ASCII without spaces' }
if ($token -and $claim) { Fail 78 'NANOSYNC_TOKEN and NANOSYNC_CLAIM: one of them' }
$key = if ($token) { 'token' } else { 'claim' }
if ("$ssid$password" -match '[\x00-\x1F\x7F]') { Fail 78 'NANOSYNC_WIFI_SSID and NANOSYNC_WIFI_PASSWORD: no control characters' }
if ([Text.Encoding]::UTF8.GetByteCount($ssid) -gt 32) { Fail 78 'NANOSYNC_WIFI_SSID: at most 32 bytes' }
if ([Text.Encoding]::UTF8.GetByteCount($password) -gt 63) { Fail 78 'NANOSYNC_WIFI_PASSWORD: at most 63 bytes' }
if ($secure) {
    if (-not (Test-Path $authority)) { Fail 66 "there is no certificate $authority (NANOSYNC_CA)" }
    if ((Get-Content $authority -Raw) -notmatch 'BEGIN CERTIFICATE') { Fail 78 "$authority (NANOSYNC_CA) is no certificate in PEM" }
    $authority = (Resolve-Path $authority).Path
}
else {
    $authority = ''
}

# ---- tools ----
$build = -not $ConfigOnly -and -not $Image
$tools = ''
if (-not (Get-Command nanoff -ErrorAction SilentlyContinue)) { $tools += ' nanoff (dotnet tool install -g nanoff)' }
if ($build) {
    if (-not (Get-Command nuget -ErrorAction SilentlyContinue)) { $tools += ' nuget' }
    if (-not (Get-Command msbuild -ErrorAction SilentlyContinue)) { $tools += " msbuild (with nanoFramework's project system; or give -Image)" }
}
if ($tools) {
    if (-not $DryRun) { Fail 69 "missing:$tools" }
    [Console]::Error.WriteLine("flash.ps1: missing here:$tools")
}

# ---- commands ----
function Run([string]$tool, [string[]]$arguments) {
    if ($DryRun) {
        Write-Output "$tool $arguments"
        return
    }
    Write-Output "+ $tool $arguments"
    & $tool @arguments
    if ($LASTEXITCODE -ne 0) { Fail 70 "failed: $tool" }
}

# nanoff says what went wrong with a file or a certificate and ends with 0 all the same.
function Run-Nanoff([string[]]$arguments) {
    if ($DryRun) {
        Write-Output "nanoff $arguments"
        return
    }
    Write-Output "+ nanoff $arguments"
    $ErrorActionPreference = 'Continue' # in Windows PowerShell a line to standard error would end the script here
    $said = @()
    & nanoff @arguments 2>&1 | Tee-Object -Variable said | Out-Host
    if ($LASTEXITCODE -ne 0) { Fail 70 'nanoff failed' }
    if ($said | Select-String -Pattern '^ *(Error|Exception|Cannot) |Error deploying' -Quiet) { Fail 70 'nanoff reported an error, see above' }
}

function Json([string]$text) {
    return $text.Replace('\', '\\').Replace('"', '\"')
}

function Fill([string]$template, [string]$to) {
    $lines = Get-Content $template
    if (-not $authority) { $lines = $lines | Where-Object { $_ -notmatch '@CA_CERTIFICATE@' } }
    $lines = $lines -replace '^token = (?=@TOKEN@$)', "$key = "
    $values = @{
        '@PORT@' = (Json $Port); '@CA_CERTIFICATE@' = (Json $authority); '@SETTINGS@' = (Json "$work/settings.txt")
        '@SERVER@' = $server; '@TOKEN@' = "$token$claim"; '@WIFI_SSID@' = (Json $ssid); '@WIFI_PASSWORD@' = (Json $password)
    }
    # one pass: nothing in a value is taken for a placeholder
    $text = [regex]::Replace(($lines -join "`n") + "`n", '@[A-Z_]+@', { param($m) $values[$m.Value] })
    [IO.File]::WriteAllText($to, $text, (New-Object Text.UTF8Encoding $false))
}

$work = 'TEMPORARY'
if (-not $DryRun) {
    $work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
    New-Item -ItemType Directory $work | Out-Null
}

try {
    if ($build) {
        $Image = "$root/Device/Firmware/bin/nano/Release/NanoSync.Firmware.bin"
        $project = @("$root/Device/Firmware/NanoSync.Firmware.nfproj", '-p:Configuration=Release')
        if ($env:NANOFRAMEWORK_PROJECT_SYSTEM) { $project += "-p:NanoFrameworkProjectSystemPath=$($env:NANOFRAMEWORK_PROJECT_SYSTEM.TrimEnd('/', '\'))/" }
        Run 'nuget' @('restore', "$root/Device/Firmware/packages.config", '-PackagesDirectory', "$root/packages")
        Run 'msbuild' $project
        if (-not $DryRun -and -not (Test-Path $Image)) { Fail 70 "the build made no ${Image}: is nanoFramework's project system installed?" }
    }

    if ($DryRun) {
        $with = if ($authority) { ", CACertificatesPath $authority" } else { '' }
        Write-Output "# $work/settings.txt: server = $server, $key = ***"
        if ($network -eq 'wifi') { Write-Output "# $work/network.json: Ssid $ssid, Password ***$with" }
        else { Write-Output "# $work/network.json: Ethernet$with" }
    }
    else {
        Fill "$here/$Board/settings.txt" "$work/settings.txt"
        Fill "$here/$Board/network.json" "$work/network.json"
        Fill "$here/$Board/files.json" "$work/files.json"
    }

    if (-not $ConfigOnly) {
        Run-Nanoff @('--update', '--target', $target, '--serialport', $Port, '--deploy', '--image', $Image, '--address', $address)
    }
    Run-Nanoff @('--serialport', $Port, '--networkdeployment', "$work/network.json")
    Run-Nanoff @('--serialport', $Port, '--filedeployment', "$work/files.json")
    if (-not $DryRun) { Write-Output "$Board on $Port is ready. Restart it: the lamp stays on for a moment, then blinks slowly while it connects." }
}
finally {
    if (-not $DryRun) { Remove-Item -Recurse -Force $work }
}
