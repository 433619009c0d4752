#!/usr/bin/env bash
# Copies what the page serves from npm into files/vendor, as package-lock.json pins it. The copies are committed, so that
# the server builds without npm; PageTests compares them with the packages.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --no-audit --no-fund
mkdir -p files/vendor
cp node_modules/uplot/dist/uPlot.iife.min.js node_modules/uplot/dist/uPlot.min.css files/vendor/
cp node_modules/uplot/LICENSE files/vendor/uPlot.LICENSE.txt
cp node_modules/lean-qr/index.mjs files/vendor/lean-qr.mjs
cp node_modules/lean-qr/LICENSE files/vendor/lean-qr.LICENSE.txt
