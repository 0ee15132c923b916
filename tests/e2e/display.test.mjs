// How it is shown: words, theme, motion and width change the rendering and
// nothing else; every main state is free of what axe can find.

import assert from "node:assert/strict";
import { axe } from "./axe.mjs";
import { DESKTOP, PHONE } from "./browser.mjs";
import { read } from "./read.mjs";

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [DESKTOP, PHONE]) {
    read(`axe finds nothing: ${colorScheme}, ${viewport.width} px`, { colorScheme, viewport, reducedMotion: "reduce", path: "/?scenario=half-an-order" }, async (reader, page) => {
      assert.equal(await page.locator("html").getAttribute("data-theme"), colorScheme);
      await axe(page, "as opened");
      await reader.enterPlayer();
      const places = await reader.walk("Shift+ArrowRight", 60);
      for (const share of [0.3, 0.6]) {
        await reader.seek(places.at(-1) === 0 ? 0 : Math.floor(places.at(-1) * share));
        for (const tab of ["Notepad", "Events", "Counters", "Tables"]) {
          await page.getByRole("tab", { name: tab }).click();
          await axe(page, `${tab} at ${share}`);
        }
      }
      await reader.drop("broken.ndjson", "not a trace\n");
      await axe(page, "with an error shown");
      await page.keyboard.press("Escape");
      await reader.enterPlayer();
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      await axe(page, "with the help open");
    });
  }
}

read("words change and the picture stays where it is", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.stepUntil(/PING/);
  const boxes = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("#stage svg [id]")].map((element) => [element.id, element.getAttribute("transform")]),
    );
  const both = await boxes();
  for (const [name, word] of [["Kitchen", "kitchen"], ["Redis", "redis"], ["Both", "both"]]) {
    await page.getByRole("radio", { name, exact: true }).check({ force: true });
    await reader.settled();
    assert.equal(await page.locator("html").getAttribute("data-terms"), word);
    assert.deepEqual((await boxes()).map(([id]) => id), both.map(([id]) => id));
  }
  await reader.page.reload();
  await page.locator("#stage svg").first().waitFor();
  assert.equal(await page.locator("html").getAttribute("data-terms"), "both");
});

for (const [scale, viewport] of [["large", DESKTOP], ["medium", PHONE]]) {
  read(`kitchen words name no descriptor: ${scale} tables`, { viewport, firstVisit: true, reducedMotion: "reduce" }, async (reader, page) => {
    await reader.enterPlayer();
    for (let cycle = 0; cycle < 3; cycle += 1) await reader.press("Shift+ArrowRight");
    const seen = () =>
      page.locator("#stage svg").evaluate((stage) => {
        const shown = (node) => node.localName === "text" ? node.checkVisibility() : getComputedStyle(node).display !== "none";
        return [...stage.querySelectorAll("text, tspan")]
          .filter((node) => node.childElementCount === 0 && shown(node) && shown(node.parentElement))
          .map((node) => node.textContent);
      });
    assert.deepEqual((await seen()).filter((words) => /fd \d|:6379/.test(words)), []);
    assert.ok((await seen()).includes("table 1"));
    await page.evaluate(() => document.documentElement.setAttribute("data-terms", "both"));
    assert.ok((await seen()).some((words) => /fd 8/.test(words)));
  });
}

read("a chosen theme is remembered over the system's", { colorScheme: "light" }, async (reader, page) => {
  await page.getByRole("button", { name: "Dark theme" }).click();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.reload();
  await page.locator("#stage svg").first().waitFor();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
});

read("with reduced motion a step is one redraw", { reducedMotion: "reduce" }, async (reader, page) => {
  assert.equal(await page.locator("html").getAttribute("data-motion"), "reduced");
  await reader.enterPlayer();
  for (let step = 0; step < 10; step += 1) {
    await page.keyboard.press("ArrowRight");
    const drawn = await page.evaluate(
      () =>
        new Promise((done) => {
          const looks = [];
          const look = () => {
            looks.push(document.getElementById("stage").innerHTML);
            if (looks.length === 20) done(new Set(looks.slice(1)).size);
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        }),
    );
    assert.equal(drawn, 1, "nothing travels");
  }
});

for (const width of [1000, 761, 390, 320]) {
  read(`at ${width} px nothing needs scrolling in two directions`, { viewport: { width, height: 740 }, reducedMotion: "reduce" }, async (reader, page) => {
    const assertFits = async (where) => {
      const { wide, guilty } = await page.evaluate(() => {
        const root = document.documentElement;
        const wide = root.scrollWidth - root.clientWidth;
        const guilty = [...document.querySelectorAll("body *")]
          .filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1)
          .slice(0, 5)
          .map((element) => element.outerHTML.slice(0, 100));
        return { wide, guilty };
      });
      assert.ok(wide <= 0, `${where}: ${wide} px too wide: ${guilty.join("\n")}`);
    };
    await assertFits("as opened");
    await reader.stepUntil(/PING/);
    for (const tab of ["Notepad", "Events", "Counters", "Tables"]) {
      await page.getByRole("tab", { name: tab }).click();
      await assertFits(tab);
    }
  });
}

read("at 1280 by 800 the console is in sight", { viewport: { width: 1280, height: 800 } }, async (reader, page) => {
  const bottom = await page.locator("#send").evaluate((element) => element.getBoundingClientRect().bottom);
  assert.ok(bottom <= 800, `the Send button ends at ${bottom}`);
});

read("with wide letters, words and lines nothing sticks out", { reducedMotion: "reduce" }, async (reader, page) => {
  await page.addStyleTag({ content: "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }" });
  for (const width of [1440, 320]) {
    await page.setViewportSize({ width, height: 800 });
    for (const tab of ["Start", "Notepad", "Counters", "Tables"]) {
      await page.getByRole("tab", { name: tab }).click();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${tab} at ${width} px: ${wide} px too wide`);
    }
  }
});

read("the bars of the lanes are targets that can be hit", { path: "/?scenario=slow-dish&at=95", reducedMotion: "reduce" }, async (reader, page) => {
  await page.getByRole("button", { name: /^Lanes/ }).click();
  const heights = await page.locator(".lanes .hit").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
  assert.ok(heights.length > 1 && heights.every((height) => height >= 23.9), heights.join());
});
