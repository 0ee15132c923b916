// What the page gives to other programs: pictures that stand alone, and a
// trace that other viewers open.

import assert from "node:assert/strict";
import { chromium, read } from "./read.mjs";

const MOMENT = "/?scenario=half-an-order&at=60";

for (const colorScheme of ["light", "dark"]) {
  read(`the stage as SVG looks as it does in the page, ${colorScheme}`, { path: MOMENT, colorScheme, reducedMotion: "reduce" }, async (reader, page) => {
    const { name, body } = await reader.download("Picture of the stage, SVG");
    assert.match(name, /^[a-z0-9-]+\.svg$/);
    const svg = body.toString("utf8");
    assert.doesNotMatch(svg, /<use|var\(|class=|<style|light-dark|https?:\/\/(?!www\.w3\.org)/, "it needs nothing of the page");
    assert.match(svg, /<title>|aria-label/);
    const said = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((line) => line[1]).join("");
    assert.ok(said.includes(await page.locator("#narration .say").innerText()), "the moment's sentence is in it");
    // Both drawn by the browser at the same size, and compared by the point.
    const [width, height] = await page.locator("#stage svg").first().evaluate((svg) => [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height]);
    const context = await chromium().browser.newContext({ viewport: { width, height } });
    try {
      const shown = await context.newPage();
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const markup = (src) => `<body style="margin:0;background:${ground}"><img src="${src}" width="${width}" height="${height}" style="display:block">`;
      await shown.setContent(markup(`data:image/svg+xml;base64,${body.toString("base64")}`));
      await shown.locator("img").evaluate((image) => image.decode());
      const exported = await shown.screenshot();
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.addStyleTag({ content: `.scene { position: fixed; inset: 0 auto auto 0; z-index: 99; width: ${width}px; height: ${height}px; background: var(--paper) }` });
      const live = await page.screenshot({ clip: { x: 0, y: 0, width, height } });
      const different = await shown.evaluate(async ([a, b]) => {
        const points = async (base64) => {
          const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), context = canvas.getContext("2d");
          context.drawImage(bitmap, 0, 0);
          return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
        };
        const [one, other] = [await points(a), await points(b)];
        if (one.length !== other.length) return 1;
        let count = 0;
        for (let i = 0; i < one.length; i += 4) {
          if (Math.abs(one[i] - other[i]) + Math.abs(one[i + 1] - other[i + 1]) + Math.abs(one[i + 2] - other[i + 2]) > 96) count += 1;
        }
        return count / (one.length / 4);
      }, [exported.toString("base64"), live.toString("base64")]);
      assert.ok(different < 0.005, `${(different * 100).toFixed(2)} % of the points differ`);
    } finally {
      await context.close();
    }
  });
}

read("a still loses nothing of a sentence that wraps, not its last letter either", { path: MOMENT, reducedMotion: "reduce" }, async (reader, page) => {
  await page.addStyleTag({ content: "#narration .say { word-spacing: 2000px }" });
  await page.evaluate(() => (document.querySelector("#narration .k1").textContent = "table b"));
  const { body } = await reader.download("Picture of the stage, SVG");
  assert.match(body.toString("utf8"), />table\s?<\/text>.*>b<\/text>/s);
});

read("the stage as PNG is twice as large as drawn", { path: MOMENT, reducedMotion: "reduce" }, async (reader) => {
  const { name, body } = await reader.download("Picture of the stage, PNG");
  assert.match(name, /\.png$/);
  assert.equal(body.subarray(1, 4).toString("latin1"), "PNG");
  assert.deepEqual([body.readUInt32BE(16), body.readUInt32BE(20)], [1840, 1204]);
});

read("the trace for other viewers tells what the page tells", { path: "/?scenario=slow-dish", reducedMotion: "reduce" }, async (reader) => {
  const { name, body } = await reader.download("Perfetto");
  assert.match(name, /\.perfetto\.json$/);
  const { traceEvents } = JSON.parse(body.toString("utf8"));
  const slow = traceEvents.find((event) => event.ph === "X" && /^debug/.test(event.name) && event.pid === 2);
  assert.ok(slow?.dur >= 29_000, JSON.stringify(slow));
  const lanes = traceEvents.filter((event) => event.name === "thread_name").map((event) => event.args.name);
  assert.ok(lanes.some((lane) => /client 2 .*in the socket/.test(lane)), lanes.join());
});

read("a choice folds its list up again, and so does Escape", {}, async (reader, page) => {
  const list = page.locator("#save .choice-list");
  await page.locator("#save summary").click();
  assert.ok(await list.isVisible());
  await page.keyboard.press("Escape");
  assert.ok(!(await list.isVisible()));
  await reader.download("Scenario");
  assert.ok(!(await list.isVisible()));
});
