// What a board is flashed with: its file for the flash script, one by one or all in an archive, and its code to scan.

import { h, download } from "./dom.js";
import { qr } from "./qr.js";

/** The file of a device, with this server's address. */
export const fileOf = d => `${d.file}NANOSYNC_SERVER=${location.origin}/sync\n`;

/** Buttons and codes for a device that was enrolled or replaced. */
export function boardParts(d) {
  return [
    d.claim ? qr(d.claim, `the claim code of ${d.name}`) : h("code", { class: "secret" }, d.token), " ",
    h("button", { "aria-label": `Download ${d.name}.env`, onclick: () => download(`${d.name}.env`, fileOf(d)) }, `${d.name}.env`),
  ];
}

/** The command that flashes it. */
export const flashCommand = d => `NANOSYNC_DEVICE=${d.name}.env board-configs/flash.sh ${d.board || "ESP32_REV3"} /dev/ttyUSB0`;

/** The command that tries it without a board. */
export const tryCommand = d => `dotnet run --project Device/Virtual -- --server ${location.origin} ${d.claim ? "--claim " + d.claim : "--token " + d.token} --data ${d.name}-data`;

/** All files as a tar archive. */
export function downloadAll(devices) {
  const text = new TextEncoder(), parts = [];
  for (const d of devices) {
    const body = text.encode(fileOf(d)), head = new Uint8Array(512);
    const put = (at, value) => head.set(text.encode(value), at);
    const octal = (n, width) => n.toString(8).padStart(width - 1, "0") + "\0";
    put(0, `boards/${d.name}.env`);
    put(100, octal(0o600, 8) + octal(0, 8) + octal(0, 8) + octal(body.length, 12) + octal(Math.floor(Date.now() / 1000), 12) + "        0");
    put(257, "ustar\0" + "00");
    put(148, octal(head.reduce((sum, b) => sum + b, 0), 7) + " ");
    parts.push(head, body, new Uint8Array((512 - body.length % 512) % 512));
  }
  parts.push(new Uint8Array(1024));
  download("boards.tar", parts, "application/x-tar");
}
