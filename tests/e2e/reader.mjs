// A reader in front of the page: what the tests do and see, in the reader's
// words. Found by role and name where there is one, by id otherwise.

import assert from "node:assert/strict";

/** More events than any bundled scenario has; a walk that takes longer is a bug. */
const EVENTS_LIMIT = 2000;

export class Reader {
  constructor(page, base) {
    this.page = page;
    this.base = base;
  }

  async open(path) {
    await this.page.goto(this.base + path);
    await this.page.locator("#stage svg").first().waitFor();
  }

  /** Where the playhead is, as the timeline's slider says it. */
  async place() {
    return Number(await this.page.locator("#scrub").inputValue());
  }

  async seek(place) {
    await this.page.locator("#scrub").fill(String(place));
    await this.settled();
  }

  /** Everything that a reader can see of the moment, as markup. */
  async moment() {
    return this.page.evaluate(() => {
      const ids = ["stage", "narration", "position", "strip", "notepad", "events", "counters", "tables"];
      return ids.map((id) => [id, document.getElementById(id).innerHTML]);
    });
  }

  narration() {
    return this.page.locator("#narration").innerText();
  }

  strayed() {
    return this.page.evaluate(strayedFromItsRoom);
  }

  /** The text of an inspector's panel, opened first. */
  async panel(name) {
    await this.page.getByRole("tab", { name }).click();
    return this.page.getByRole("tabpanel", { name }).innerText();
  }

  async press(key) {
    await this.page.keyboard.press(key);
    await this.settled();
  }

  /** Puts the focus where the keys of the player work. */
  async enterPlayer() {
    await this.page.locator("#player").focus();
  }

  async choose(scenario) {
    await this.page.getByRole("combobox", { name: "Scenario" }).selectOption(scenario);
    await this.settled();
  }

  /** Until nothing moves: an animation that has begun runs to its end. */
  async settled() {
    await this.page.evaluate(
      () =>
        new Promise((done) => {
          let last, same = 0;
          const look = () => {
            const now = document.getElementById("stage").innerHTML;
            same = now === last ? same + 1 : 0;
            last = now;
            if (same >= 3) done();
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
  }

  /** Lets the browser draw `count` frames. */
  async frames(count) {
    await this.page.evaluate(
      (count) =>
        new Promise((done) => {
          const next = (left) => (left === 0 ? done() : requestAnimationFrame(() => next(left - 1)));
          next(count);
        }),
      count,
    );
  }

  /** Presses `key` until the playhead stays where it is; the places it was at. */
  async walk(key, limit = EVENTS_LIMIT) {
    const places = [await this.place()];
    while (places.length <= limit) {
      await this.press(key);
      const place = await this.place();
      if (place === places.at(-1)) return places;
      places.push(place);
    }
    assert.fail(`${key} was pressed ${limit} times and the scenario has not ended`);
  }

  /** Steps by event until the narration matches; fails at the end of the run. */
  async stepUntil(pattern, limit = EVENTS_LIMIT) {
    await this.enterPlayer();
    for (let step = 0; step < limit; step += 1) {
      if (pattern.test(await this.narration())) return;
      const place = await this.place();
      await this.press("ArrowRight");
      if ((await this.place()) === place) break;
    }
    assert.match(await this.narration(), pattern, "the run ended before");
  }

  async drop(name, text) {
    await this.page.evaluate(
      ([name, text]) => {
        const data = new DataTransfer();
        data.items.add(new File([text], name));
        for (const kind of ["dragenter", "dragover", "drop"]) {
          document.body.dispatchEvent(
            new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }),
          );
        }
      },
      [name, text],
    );
    await this.frames(5);
    await this.settled();
  }

  /** The trace of the present run, as its button gives it. */
  async save() {
    return (await this.download("Trace")).body.toString("utf8");
  }

  /** A file by its choice under Save: its name and its bytes. */
  async download(choice) {
    await this.page.locator("#save summary").click();
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.page.locator("#save").getByRole("button", { name: new RegExp(`^${choice}`) }).click(),
    ]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    return { name: download.suggestedFilename(), body: Buffer.concat(chunks) };
  }
}

/** In the page: what of the moment's sentence is not in the room that the
 * drawing keeps for it, between kitchen and rail. */
export function strayedFromItsRoom() {
  const at = (selector) => document.querySelector(selector).getBoundingClientRect();
  const [drawing, kitchen, rail] = ["#stage svg", "#stage .zk", "#stage .rail"].map(at);
  return [...document.querySelectorAll("#narration p")]
    .filter((p) => p.textContent && p.getClientRects().length)
    .map((p) => [p.textContent, p.getBoundingClientRect()])
    .filter(([, { top, bottom, left, right }]) => top < kitchen.bottom - 1 || bottom > rail.top + 1 || left < drawing.left - 1 || right > drawing.right + 1)
    .map(([said, { top, bottom }]) => `${said}: ${top} to ${bottom}, not in ${kitchen.bottom} to ${rail.top}`);
}
