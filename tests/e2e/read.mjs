// Tests of the page as a reader meets it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, open } from "./browser.mjs";
import { Reader } from "./reader.mjs";

let opened;

/** The browser of this file's tests and the address of the page. */
export const chromium = () => opened;

before(async () => {
  opened = await open();
});

after(async () => {
  await opened?.close();
});

/**
 * A test with a page of its own, opened at `options.path`. Whatever the test
 * is about, it also fails if the page reports an error or asks anybody but
 * its own origin for anything.
 */
export function read(name, options, body) {
  test(name, async () => {
    const { browser, base } = opened;
    const context = await browser.newContext({
      viewport: options.viewport ?? DESKTOP,
      colorScheme: options.colorScheme ?? "light",
      reducedMotion: options.reducedMotion ?? "no-preference",
      serviceWorkers: options.serviceWorkers ?? "allow",
    });
    // A reader who has chosen both words, unless the test is about the first visit.
    if (!options.firstVisit) await context.addInitScript(() => {
      try {
        localStorage["onechef.terms"] ??= "both";
      } catch {
        // A page that may remember nothing.
      }
    });
    const trouble = [];
    await context.route("**/*", (route) => {
      const url = route.request().url();
      if (url.startsWith(`${base}/`) || /^(data|blob):/.test(url)) return route.continue();
      trouble.push(`asked another origin: ${url}`);
      return route.abort();
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => trouble.push(`uncaught: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") trouble.push(`console: ${message.text()}`);
    });
    try {
      const reader = new Reader(page, base);
      await reader.open(options.path ?? "/");
      await body(reader, page);
      assert.deepEqual(trouble, []);
    } finally {
      await context.close();
    }
  });
}
