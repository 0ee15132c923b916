// What the page does when it is only touched, pointed at, tabbed through or
// left alone: nothing. And what needs a drag can be done without one.

import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "./browser.mjs";
import { read } from "./read.mjs";

const MOMENT = { path: "/?scenario=two-guests&at=30", reducedMotion: "reduce" };

/** What must not change by itself: the moment, the run, the address, the focus. */
const standing = (page) =>
  page.evaluate(() => ({
    place: document.getElementById("scrub").value,
    scenario: document.getElementById("scenario").value,
    stage: document.getElementById("stage").innerHTML,
    playing: document.getElementById("player").hasAttribute("data-playing"),
    address: location.href,
    open: [...document.querySelectorAll("details[open], dialog[open]")].map((e) => e.id),
    tab: document.querySelector("[role=tab][aria-selected=true]").id,
  }));

read("walking the focus through the page starts nothing and moves nothing", MOMENT, async (reader, page) => {
  await page.locator(".skip").focus();
  const before = await standing(page);
  let stops = 0;
  for (; stops < 200; stops += 1) {
    await page.keyboard.press("Tab");
    await reader.frames(2);
    assert.deepEqual(await standing(page), before, `stop ${stops}`);
    if (await page.evaluate(() => document.activeElement === document.body)) break;
  }
  assert.ok(stops > 35, `${stops} stops`);
});

read("a list's choice changes what is shown, and neither the page nor the focus", { ...MOMENT, path: "/" }, async (reader, page) => {
  for (const id of ["scenario", "console-guest", "language"]) {
    const list = page.locator(`#${id}`);
    await list.focus();
    await page.evaluate(() => (window.same = true));
    const [address, before] = [page.url(), await list.inputValue()];
    await list.selectOption({ index: (await list.evaluate((at) => at.selectedIndex)) === 0 ? 1 : 0 }).catch(() => {});
    await reader.settled();
    if (id !== "console-guest") assert.notEqual(await list.inputValue(), before);
    assert.equal(page.url(), address);
    assert.ok(await page.evaluate(() => window.same), "the same document");
    assert.equal(await page.evaluate(() => document.activeElement.id), id);
    assert.ok(!(await standing(page)).playing);
  }
});

for (const viewport of [DESKTOP, PHONE]) {
  read(`what is pressed and let go elsewhere is not done: ${viewport.width} px`, { ...MOMENT, viewport }, async (reader, page) => {
    const targets = await page.evaluate(() =>
      [...document.querySelectorAll("button, summary, [role=button], .hit, a[href], label.ib")]
        .map((element, i) => {
          element.dataset.nth = String(i);
          const box = element.getBoundingClientRect();
          return { nth: i, x: box.x + box.width / 2, y: box.y + box.height / 2, name: element.id || element.textContent.trim().slice(0, 20) };
        })
        .filter(({ nth, x, y }) => document.elementFromPoint(x, y)?.closest(`[data-nth='${nth}']`)),
    );
    assert.ok(targets.length > 15, `${targets.length} targets`);
    const before = await standing(page);
    for (const { x, y, name } of targets) {
      await page.mouse.move(x, y);
      await page.mouse.down();
      await reader.frames(1);
      assert.deepEqual(await standing(page), before, `pressed: ${name}`);
      await page.mouse.move(viewport.width - 2, viewport.height / 2);
      await page.mouse.up();
      await reader.frames(1);
      assert.deepEqual(await standing(page), before, `let go: ${name}`);
    }
  });
}

read("what a drag does, a click and a key do too", MOMENT, async (reader, page) => {
  const place = await reader.place();
  // The timeline: its slider has keys, and beside it stand buttons.
  await page.locator("#scrub").focus();
  await page.keyboard.press("ArrowRight");
  await reader.settled();
  assert.ok((await reader.place()) > place);
  await page.locator("#back-event").click();
  assert.equal(await reader.place(), place);
  await page.locator("#strip [data-seek]").first().click();
  assert.ok((await reader.place()) < place);
  // The speed.
  await page.locator("#speed").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("#speed-value").innerText(), "2×");
  // A file need not be dropped.
  assert.equal(await page.locator("#open").getAttribute("type"), "file");
  // Nothing else can be dragged.
  assert.equal(await page.locator("[draggable=true]").count(), 0);
});

for (const lang of ["en", "de"]) {
  for (const viewport of [DESKTOP, PHONE]) {
    read(`what is written on a control is in its name: ${lang}, ${viewport.width} px`, { ...MOMENT, viewport, path: `/?scenario=two-guests&at=30&lang=${lang}` }, async (reader, page) => {
      if (viewport === PHONE) for (const id of ["more-acts", "menu"]) await page.locator(`#${id}`).click();
      for (const id of ["save", "stop", "acts-more"]) await page.evaluate((id) => (document.getElementById(id).open = true), id);
      await page.locator("#fork button").first().waitFor({ state: "attached", timeout: 1 }).catch(() => {});
      const session = await page.context().newCDPSession(page);
      const { nodes } = await session.send("Accessibility.getFullAXTree");
      const roles = /^(button|link|tab|radio|checkbox|combobox|slider|spinbutton|textbox|DisclosureTriangle)$/;
      const wrong = [];
      let count = 0;
      for (const node of nodes) {
        if (node.ignored || !roles.test(node.role?.value ?? "")) continue;
        const { object } = await session.send("DOM.resolveNode", { backendNodeId: node.backendDOMNodeId });
        const { result } = await session.send("Runtime.callFunctionOn", {
          objectId: object.objectId,
          returnByValue: true,
          functionDeclaration: `function () {
            if (this.matches("select, textarea, input:not([type=radio]):not([type=checkbox]):not([type=file])")) return "";
            const at = this.matches("input") ? this.closest("label") ?? this : this;
            return at.innerText ?? "";
          }`,
        });
        const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
        const [written, name] = [plain(result.value ?? ""), plain(node.name?.value ?? "")];
        count += 1;
        if (!name) wrong.push(`${node.role.value} without a name: ${written}`);
        // By voice one says what one sees.
        else if (!` ${name} `.includes(` ${written} `) && written) wrong.push(`“${written}” is called “${name}”`);
      }
      assert.ok(count > 25, `${count} controls`);
      assert.deepEqual(wrong, []);
    });
  }
}

read("nothing is said in a tooltip alone, and nothing pops up where one points", MOMENT, async (reader, page) => {
  await reader.enterPlayer();
  const titled = await page.locator("[title]").evaluateAll((all) =>
    all.map((element) => ({
      id: element.id || element.textContent.trim(),
      title: element.title,
      said: `${element.getAttribute("aria-label") ?? ""} ${element.textContent}`.trim(),
    })),
  );
  assert.ok(titled.length > 10);
  // Where the rest of it is said.
  const elsewhere = {
    "open-label": ["#help-dialog", /Drop a scenario or a recorded trace/],
    "Conditions…": ["#conditions .note1", /runs? it|holds for the whole run/],
    "More…": ["#help-dialog", /Under “More…”/],
    Save: ["#save .choice-list", /Trace.*Picture/s],
    parting: ["#help-dialog", /second run from there/],
  };
  for (const { id, title, said } of titled) {
    const words = title.replace(/ \([^)]*\)$/, "");
    if (said.includes(words)) continue;
    assert.ok(id in elsewhere, `“${title}” stands in ${id}'s tooltip alone`);
    const [where, pattern] = elsewhere[id];
    assert.match(await page.locator(where).textContent(), pattern, id);
  }
  // The browser's own tooltips apart, pointing shows nothing that was not there.
  const visible = () =>
    page.evaluate(() => [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })).length);
  const before = await visible();
  for (const target of await page.locator("button, summary, select, [role=button], .hit, #scrub, #wire code").all()) {
    if (!(await target.isVisible())) continue;
    await target.hover({ force: true, timeout: 2000 }).catch(() => {});
    assert.equal(await visible(), before, await target.evaluate((element) => element.outerHTML.slice(0, 120)));
  }
});

for (const [id, inside] of [
  ["save", "button"],
  ["stop", "input"],
  ["acts-more", "button"],
  ["conditions", "input"],
]) {
  read(`Escape folds up ${id}, and the focus is back where it came from`, MOMENT, async (reader, page) => {
    const summary = page.locator(`#${id} summary`);
    await summary.focus();
    await page.keyboard.press("Enter");
    const first = page.locator(`#${id} ${inside}`).first();
    await first.waitFor();
    // It stays for as long as one points at it, or elsewhere.
    await page.mouse.move(5, 5);
    await reader.frames(30);
    assert.ok(await first.isVisible());
    await first.focus();
    await page.keyboard.press("Escape");
    assert.ok(!(await first.isVisible()));
    assert.ok(await summary.evaluate((element) => element === document.activeElement), "the focus");
  });
}

read("nothing waits for anybody: an hour later all is as it was", { path: "/#tour/one-chef/1" }, async (reader, page) => {
  await page.clock.install();
  await page.reload();
  await page.locator("#tour input[type=radio]").first().waitFor();
  await page.locator("#tour input[type=radio]").first().check();
  await reader.drop("broken.ndjson", "not a trace\n");
  const shown = () => page.evaluate(() => [document.getElementById("page").innerText, document.getElementById("stage").innerHTML]);
  const before = await shown();
  await page.clock.runFor("01:00:00");
  await reader.frames(3);
  assert.deepEqual(await shown(), before);
  assert.equal(await page.locator("#tour .verdict").count(), 0, "the question is still open");
  await page.locator("#tour [data-act=reveal]").click();
  assert.equal(await page.locator("#tour .verdict").count(), 1);
});

for (const viewport of [DESKTOP, PHONE]) {
  read(`every target is large enough or has room around it: ${viewport.width} px`, { ...MOMENT, viewport }, async (reader, page) => {
    const small = new Set();
    let count = 0;
    const measure = async (where) => {
      const found = await page.evaluate(() => {
        const shown = [...document.querySelectorAll("button, summary, select, input, textarea, a[href], [role=button], [role=tab]")]
          .filter((e) => e.checkVisibility({ checkVisibilityCSS: true }) && !e.classList.contains("skip") && !e.matches(".visually-hidden"))
          // In a line of text a link is as high as the line (the exception of 2.5.8).
          .map((e) => [e, (e.matches("input[type=radio], input[type=checkbox]") ? e.closest("label") : e).getBoundingClientRect()])
          .filter(([, box]) => box.width > 0);
        const middle = (box) => [box.x + box.width / 2, box.y + box.height / 2];
        const boxes = shown.map(([, box]) => box);
        return {
          count: shown.length,
          small: shown
            .filter(([, box]) => box.width < 23.9 || box.height < 23.9)
            .filter(([, box]) => {
              // A circle of 24 px around its middle meets no other target.
              const [x, y] = middle(box);
              return boxes.some((other) => {
                if (other === box) return false;
                const dx = Math.max(other.left - x, 0, x - other.right), dy = Math.max(other.top - y, 0, y - other.bottom);
                return Math.hypot(dx, dy) < 12;
              });
            })
            .map(([e, box]) => `${e.tagName}#${e.id} ${e.getAttribute("aria-label") ?? e.textContent.trim().slice(0, 30)}: ${box.width.toFixed(0)} × ${box.height.toFixed(0)}`),
        };
      });
      count += found.count;
      found.small.forEach((one) => small.add(`${where}: ${one}`));
    };
    for (const tab of ["Start", "Tour", "Notepad", "Events", "Counters", "Tables"]) {
      await page.getByRole("tab", { name: tab }).click();
      await measure(tab);
    }
    if (viewport === PHONE) {
      await page.locator("#more-acts").click();
      await page.locator("#menu").click();
    }
    for (const id of ["stop", "save", "acts-more", "conditions"]) {
      await page.locator(`#${id} summary`).click();
      await measure(id);
    }
    assert.ok(count > 200, `${count} targets`);
    assert.deepEqual([...small], []);
  });

  read(`whatever has the focus is not hidden by anything: ${viewport.width} px`, { ...MOMENT, viewport }, async (reader, page) => {
    const hidden = [];
    let stops = 0;
    for (const tab of ["Events", "Tables"]) {
      await page.getByRole("tab", { name: tab }).click();
      await page.locator(".skip").focus();
      for (let stop = 0; stop < 200; stop += 1) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
          const element = document.activeElement;
          if (element === document.body) return null;
          const name = `${element.tagName}#${element.id} ${element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 30)}`;
          const box = (element.matches(".visually-hidden, .seg3 input") ? element.closest("label") : element).getBoundingClientRect();
          // Some of it must show: looked for at nine places.
          const seen = [0.1, 0.5, 0.9].some((x) => [0.1, 0.5, 0.9].some((y) => {
            const there = document.elementFromPoint(box.x + box.width * x, box.y + box.height * y);
            return there && (there === element || element.contains(there) || there.contains(element) || there.closest("label")?.contains(element));
          }));
          return { name, seen };
        });
        if (!at) break;
        stops += 1;
        if (!at.seen) hidden.push(`${tab}: ${at.name}`);
      }
    }
    assert.ok(stops > 60, `${stops} stops`);
    assert.deepEqual(hidden, []);
  });
}

read("a command that cannot be sent says where it is wrong, and belongs to its field", MOMENT, async (reader, page) => {
  const field = page.getByRole("textbox", { name: "Command" });
  await field.fill('SET soup "tomato');
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.match(await page.locator(`#${await field.getAttribute("aria-describedby")}`).innerText(), /quote at byte 9/);
  await page.keyboard.press("Enter");
  assert.match(await page.locator("#live").textContent(), /quote at byte 9/, "said aloud too");
  await field.fill("SET soup tomato");
  assert.equal(await field.getAttribute("aria-invalid"), "false");
});
