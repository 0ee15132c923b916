// The conversation with one guest: opened, walked and jumped from by keyboard,
// and as open to those who do not see it.

import assert from "node:assert/strict";
import { axe } from "./axe.mjs";
import { PHONE } from "./browser.mjs";
import { read } from "./read.mjs";

const END = "/?scenario=half-an-order&at=9999";

const entries = (page) => page.locator(".said li");

async function choose(reader, page, guest) {
  await page.locator(`#stage [role=button][data-client='${guest}']`).focus();
  await reader.press("Enter");
}

async function unfold(reader, page) {
  await page.locator(".said .sum").focus();
  await reader.press("Enter");
}

read("the conversation grows, shrinks and leads to its moments", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.open(END);
  const end = await reader.place();
  await choose(reader, page, 1);
  await unfold(reader, page);
  assert.deepEqual(await page.locator(".said .sum").innerText().then((text) => text.match(/\d+ entries/)[0]), "2 entries");
  assert.match(await entries(page).nth(0).innerText(), /→\s+(Order|Request)[^]*32 bytes[^]*\*3\\r\\n\$3\\r\\nSET\\r\\n\$5\\r\\nprice\\r\\n\$2\\r\\n42\\r\\n/);
  assert.match(await entries(page).nth(1).innerText(), /←\s+(Answer|Reply)[^]*5 bytes[^]*\+OK\\r\\n[^]*(left|written) in/);

  await page.locator(".said .row").nth(1).focus();
  await reader.press("Enter");
  assert.match(await reader.narration(), /plate for table 1/);
  assert.ok((await reader.place()) < end);
  assert.equal(await page.locator(".said [aria-current=step]").count(), 1);
  assert.match(await entries(page).nth(1).innerText(), /on the rack/);

  await page.locator(".said .row").nth(0).focus();
  await reader.press("Enter");
  assert.equal(await entries(page).count(), 1, "what was not said yet is not there");
  await reader.enterPlayer();
  for (let step = 0; step < 40 && !/half an order|incomplete/i.test(await entries(page).last().innerText()); step += 1) {
    await reader.press("ArrowLeft");
  }
  assert.match(await entries(page).last().innerText(), /Half an order/);
  assert.doesNotMatch(await entries(page).last().innerText(), /42/, "nothing of what is to come");
  await reader.seek(end);
  await page.locator(".said .lnk").click();
  await reader.settled();
  assert.match(await reader.narration(), /carr/);
});

for (const [colorScheme, viewport] of [["light", undefined], ["dark", undefined], ["light", PHONE]]) {
  read(`axe finds nothing in it: ${colorScheme}, ${viewport?.width ?? "desktop"}`, { colorScheme, viewport, reducedMotion: "reduce" }, async (reader, page) => {
    await reader.open(END);
    await unfold(reader, page);
    assert.ok((await entries(page).count()) > 0);
    await axe(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, "nothing sticks out");
  });
}
