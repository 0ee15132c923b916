// In other pages: by an iframe and by <one-chef>, from another folder, several
// on one page, each with its own state.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { axe } from "./axe.mjs";
import { DESKTOP, PHONE } from "./browser.mjs";
import { chromium, read } from "./read.mjs";

async function post(viewport, body) {
  const { browser, base } = chromium();
  const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
  const page = await context.newPage();
  const trouble = [];
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("console", (message) => message.type() === "error" && trouble.push(message.text()));
  page.on("requestfailed", (request) => trouble.push(`failed: ${request.url()}`));
  page.on("response", (response) => response.status() >= 400 && !/favicon/.test(response.url()) && trouble.push(response.url()));
  try {
    await page.goto(`${base}/posts/post.html`);
    await body(page, base);
    assert.deepEqual(trouble.filter((text) => !/404/.test(text)), []);
  } finally {
    await context.close();
  }
}

/** The frame inside the n-th element, once its kitchen is open. */
async function inside(page, n) {
  const frame = page.locator("one-chef").nth(n).locator("iframe");
  const content = await (await frame.elementHandle()).contentFrame();
  await content.locator("#stage svg").first().waitFor();
  return { frame, content };
}

for (const viewport of [DESKTOP, PHONE]) {
  test(`three elements in a plain page, each its own run: ${viewport.width} px`, async () => {
    await post(viewport, async (page, base) => {
      const first = await inside(page, 0), second = await inside(page, 1);
      assert.equal(await first.frame.getAttribute("title"), "Half an order, to step through");
      assert.ok(first.content.url().startsWith(`${base}/sub/folder/?embed=1&scenario=half-an-order&at=26`));
      const place = (one) => one.content.locator("#scrub").inputValue();
      assert.equal(await place(first), "26");
      assert.match(await second.content.locator("#tour").innerText(), /final sweep/i);
      const before = await place(second);
      await first.content.getByRole("button", { name: "Next event" }).click();
      assert.notEqual(await place(first), "26");
      assert.equal(await place(second), before, "the other one stays");
      for (const one of [first, second]) {
        const [room, needed] = [
          await one.frame.evaluate((frame) => frame.clientHeight),
          await one.content.evaluate(() => document.body.scrollHeight),
        ];
        assert.ok(room >= needed && room < needed + 40, `${needed} px in ${room}`);
        assert.equal(await one.content.locator("#console").isVisible(), false);
        await axe(one.content);
      }
      const hash = (await readFile(fileURLToPath(new URL("../links/quiet-evening.link", import.meta.url)), "utf8")).trim();
      await page.locator("#own").evaluate((own, run) => own.setAttribute("run", run), hash.replace("#run/", ""));
      const third = await inside(page, 2);
      await third.content.waitForFunction(() => document.title.startsWith("A quiet evening"));
      assert.match(await third.content.locator("#whole").getAttribute("href"), /#run\/1\//);
    });
  });
}

read("an embedded page plays at once only if its author says so", { path: "/sub/folder/?embed=1&scenario=two-guests&play=1" }, async (reader, page) => {
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const place = await reader.place();
  await reader.frames(20);
  assert.equal(await reader.place(), place);
});

read("the way out of a frame leads to the same moment", { path: "/sub/folder/?embed=1&scenario=two-guests&at=16", reducedMotion: "reduce" }, async (reader, page) => {
  const [whole] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "Open onechef" }).click()]);
  await whole.locator("#stage svg").first().waitFor();
  assert.equal(await whole.locator("#scrub").inputValue(), "16");
  assert.ok(await whole.locator("#console").isVisible());
});
