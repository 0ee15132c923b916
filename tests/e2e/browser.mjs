// The published page in the system's Chromium.

import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const FLAGS = ["--disable-gpu", "--disable-quic", "--disable-background-networking"];
// Chromium refuses its sandbox to root, which is who runs in most containers.
const ROOT_FLAGS = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** A browser. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: [...FLAGS, ...ROOT_FLAGS],
  });
}

/** A browser, and the address of the page that it may visit. */
export async function open() {
  const { server, base } = await serve();
  const browser = await launch();
  const close = async () => {
    await browser.close();
    server.close();
  };
  return { browser, base, close };
}
