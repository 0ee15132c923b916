// The guided tour: a whole chapter by keyboard with the drawing hidden, every
// address, broken ones too; and nothing in it that axe can find.

import assert from "node:assert/strict";
import { axe } from "./axe.mjs";
import { DESKTOP, PHONE } from "./browser.mjs";
import { read } from "./read.mjs";

/** Tabs on until the focus is on an element that matches. */
async function tabTo(page, selector) {
  for (let stop = 0; stop < 120; stop += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((s) => document.activeElement.matches(s), selector)) return;
  }
  assert.fail(`${selector} is not reached by Tab`);
}

read("a whole chapter by keyboard, with the drawing hidden", { reducedMotion: "reduce" }, async (reader, page) => {
  await page.addStyleTag({ content: "#stage svg { display: none !important }" });
  await tabTo(page, ".tourlink");
  await page.keyboard.press("Enter");
  await tabTo(page, "#tour .chapters a");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#tour\/one-chef\/1$/);
  await tabTo(page, "#tour input[type=radio]");
  await page.keyboard.press("Space");
  assert.equal(await page.locator("#tour .verdict").count(), 0, "not revealed before it is asked for");
  await tabTo(page, "#tour [data-act=reveal]");
  await page.keyboard.press("Enter");
  assert.match(await page.locator("#tour [role=status]").innerText(), /only his clock[^]*See event/);
  await tabTo(page, "#tour .walk .pri");
  const places = [await reader.place()];
  const said = new Set([await page.locator("#tour .says").innerText()]);
  while ((await page.evaluate(() => location.hash)) !== "#tour/one-chef/8") {
    await page.keyboard.press("Enter");
    await reader.settled();
    places.push(await reader.place());
    said.add(await page.locator("#tour .says").innerText());
    assert.ok(await page.evaluate(() => document.activeElement.matches("#tour .walk .pri")), "the focus stays on Next");
    assert.ok(places.length < 20);
  }
  assert.ok(places.every((place, i) => i === 0 || place > places[i - 1]), places.join(" "));
  assert.equal(said.size, 8);
  assert.match(await page.locator("#live").textContent(), /Step 8 of 8/);
  assert.match(await page.locator("#tour").innerText(), /Where the picture breaks/);
  await page.locator("#tour .where a").focus();
  await page.keyboard.press("Enter");
  assert.match(await page.locator("#tour .chapters li").first().innerText(), /✓ read/);
});

read("the object that is spoken of is marked, and only at its moment", { path: "/#tour/one-chef/3", reducedMotion: "reduce" }, async (reader, page) => {
  await page.locator("#cue:not([hidden])").waitFor();
  const [cue, door] = await page.evaluate(() =>
    ["cue", "obj:entrance"].map((id) => document.getElementById(id).getBoundingClientRect().toJSON()),
  );
  assert.ok(cue.left <= door.left && cue.right >= door.right && cue.top <= door.top && cue.bottom >= door.bottom);
  await reader.enterPlayer();
  await reader.press("ArrowRight");
  assert.equal(await page.locator("#cue:not([hidden])").count(), 0);
  await page.getByRole("link", { name: "Back to this step" }).click();
  await page.locator("#cue:not([hidden])").waitFor();
});

/** The top and bottom of what `selector` finds, as the screen shows it. */
const span = (page, selector) =>
  page.locator(selector).evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return [top, bottom];
  });

for (const [lang, says] of [["en", "To the question"], ["de", "Zur Frage"]]) {
  for (const viewport of [PHONE, { width: 360, height: 640 }]) {
    read(`a phone's reader is told of a question that begins below: ${lang}, ${viewport.height} high`, { viewport, path: `/?lang=${lang}#tour/one-chef/6`, reducedMotion: "reduce" }, async (reader, page) => {
      const way = page.getByRole("button", { name: says });
      assert.equal(await way.count(), 0, "nothing is asked here");
      for (const hash of ["#tour/one-chef/7", "#tour/one-chef/1", "#tour/cost/1", "#tour/reading/3"]) {
        await page.evaluate((hash) => (scrollTo(0, 0), (location.hash = hash)), hash);
        await page.locator("#tour .ask").waitFor();
        await reader.settled();
        assert.ok(await way.evaluate((way) => {
          const { left, right, top, bottom } = way.getBoundingClientRect();
          return way.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2)) && bottom - top >= 44;
        }), `${hash}: it is in view, and a finger finds it`);
        await way.click();
        const [[top, bottom], [bar]] = [await span(page, "#tour .ask"), await span(page, "#tour .walk")];
        assert.ok(top >= 0 && bottom <= bar, `${hash}: the question from ${top} to ${bottom} stands above ${bar}`);
        assert.ok(await page.evaluate(() => !document.activeElement.closest(".ask")), "the focus stays");
        await page.locator("#tour .ask input").first().check();
        assert.equal(await way.count(), 0, `${hash}: it was found`);
      }
    });
  }
}

for (const viewport of [{ width: 390, height: 664 }, { width: 360, height: 640 }]) {
  read(`a short phone shows what each step says: ${viewport.width} by ${viewport.height}`, { viewport, path: "/#tour/one-chef/1", reducedMotion: "reduce" }, async (reader, page) => {
    for (const hash of ["#tour/one-chef/4", "#tour/one-chef/5", "#tour/reading/2", "#tour/cost/6", "#tour/heat-rack/3"]) {
      await page.evaluate((hash) => (scrollTo(0, 0), (location.hash = hash)), hash);
      await page.locator("#tour .steps a[aria-current=step]").and(page.locator(`[href$="${hash}"]`)).waitFor({ state: "attached" });
      await reader.settled();
      const [[top, bottom], [bar]] = [await span(page, "#tour .says"), await span(page, "#tour .walk")];
      assert.ok(top >= 0 && bottom <= bar, `${hash}: the sentence from ${top} to ${bottom} stands above ${bar}`);
    }
  });
}

/** The labels that an arm of the brackets crosses. */
function crossings() {
  const cue = document.getElementById("cue");
  const { left, right, top, bottom } = cue.getBoundingClientRect();
  if (cue.hidden) return ["no mark"];
  const [long, wide] = [11, 2];
  const arms = [left, right].flatMap((x, i) =>
    [top, bottom].flatMap((y, j) => {
      const across = i ? x - long : x, down = j ? y - long : y;
      return [
        [across, j ? y - wide : y, across + long, j ? y : y + wide],
        [i ? x - wide : x, down, i ? x : x + wide, down + long],
      ];
    }),
  );
  // A line of text has some air above and below its letters.
  const air = 2.5;
  return [...document.querySelectorAll("#scene text")]
    .filter((text) => {
      const box = text.getBoundingClientRect();
      return arms.some(
        ([x0, y0, x1, y1]) => x0 < box.right && x1 > box.left && y0 < box.bottom - air && y1 > box.top + air,
      );
    })
    .map((text) => text.textContent);
}

/** What is amiss at any step of any chapter, by its address. */
async function amissAnywhere(page, look) {
  const links = await page.locator("#tour .chapters a").evaluateAll((all) => all.map((a) => a.hash));
  const amiss = [];
  for (const first of links) {
    for (let hash = first; hash?.startsWith(first.replace(/\d+$/, "")); ) {
      await page.evaluate((hash) => (location.hash = hash), hash);
      await page.locator("#tour .walk").waitFor();
      amiss.push(...(await look()).map((what) => `${hash}: ${what}`));
      hash = await page.locator("#tour .walk .pri").getAttribute("href");
    }
  }
  return amiss;
}

read("the brackets cross no label, at any step", { path: "/#tour", reducedMotion: "reduce" }, async (reader, page) => {
  const crossed = await amissAnywhere(page, async () => {
    await reader.settled();
    return page.evaluate(crossings);
  });
  assert.deepEqual(crossed, []);
});

for (const [lang, viewport] of [["en", DESKTOP], ["de", DESKTOP], ["de", { width: 1264, height: 720 }], ["de", { width: 800, height: 1000 }], ["de", PHONE]]) {
  read(`a chapter's sentence is read in the drawing: ${lang}, ${viewport.width} px`, { path: `/?lang=${lang}&terms=both#tour`, viewport, reducedMotion: "reduce" }, async (reader, page) => {
    const amiss = await amissAnywhere(page, async () => {
      await reader.frames(2);
      const [lead, says] = await Promise.all(["#narration .lead", ".says"].map((at) => page.locator(at).textContent()));
      return [...(await reader.strayed()), ...(lead === says ? [] : [`“${lead}” is not the chapter's`])];
    });
    assert.deepEqual(amiss, []);
    await reader.enterPlayer();
    await page.keyboard.press("ArrowLeft");
    await page.locator("#tour .away").waitFor();
    assert.equal(await page.locator("#narration .lead").count(), 0, "away from its moment the drawing tells its own");
    assert.ok((await page.locator(".says").boundingBox()).width > 100, "and it stays in the panel");
  });
}

read("what a chapter offers is prepared, and the reader does it", { path: "/#tour/final-sweep/6", reducedMotion: "reduce" }, async (reader, page) => {
  await page.getByRole("button", { name: "Prepare it" }).click();
  assert.equal(await page.locator("#command").inputValue(), "GET soup");
  assert.ok(await page.evaluate(() => document.activeElement.id === "command"));
  await page.keyboard.press("Enter");
  await page.locator("#fork button").first().waitFor();
  await page.locator("#tour .walk .pri").click();
  await page.waitForURL(/goes-wrong\/1$/);
  assert.equal(await page.locator("#fork button").count(), 0, "the next chapter is its own run");
});

for (const [hash, words] of [
  ["#tour/nobody/1", /no chapter “nobody”/],
  ["#tour/one-chef/99", /steps 1 to 8/],
  ["#tour/%3Cimg%20src=x%3E", /no chapter/],
]) {
  read(`a broken address says so: ${hash}`, { path: `/${hash}` }, async (reader, page) => {
    assert.match(await page.locator("#tour [role=alert]").innerText(), words);
    assert.equal(await page.locator("#tour .chapters li").count(), 11);
  });
}

read("a way through a mission is shown, and noted as done", { path: "/#tour" }, async (reader, page) => {
  const mission = page.locator("#tour .missions li").first();
  assert.match(await mission.innerText(), /open/);
  await mission.locator("summary").click();
  await mission.getByRole("button", { name: "Show one way" }).click();
  assert.match(await mission.innerText(), /✓ done/);
});

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [undefined, PHONE]) {
    for (const path of ["/#tour", "/#tour/one-chef/1", "/#tour/goes-wrong/10"]) {
      const width = viewport?.width ?? "desktop";
      read(`axe finds nothing: ${path}, ${colorScheme}, ${width}`, { colorScheme, viewport, path, reducedMotion: "reduce" }, async (reader, page) => {
        if (path.endsWith("/1")) await page.locator("#tour [data-act=reveal]").click();
        await axe(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        assert.ok(!wide, "nothing sticks out to the side");
      });
    }
  }
}
