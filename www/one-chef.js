// <one-chef>: a moment of the event loop in any page, to step through there.
//
//   <script src="https://…/one-chef.js" defer></script>
//   <one-chef scenario="half-an-order" at="41"></one-chef>
//   <one-chef chapter="final-sweep/2" terms="redis"></one-chef>
//
// scenario  short name of a bundled scenario
// at        how many events have happened
// run       instead of both: a run of your own, what follows #run/ in its link
// chapter   a chapter of the tour, and with /2 its second step
// autoplay  "yes" plays at once; anything else waits for the reader
// terms     kitchen, both (unless told otherwise) or redis
// theme     light or dark; otherwise the reader's own
// motion    reduced or full; otherwise the reader's own
// lang      en or de; otherwise the reader's own
// label     what a screen reader calls it
//
// The element is as high as what it shows. Its own children are shown where
// scripts are not run.
(function () {
  if (customElements.get("one-chef")) return;
  var script = document.currentScript || document.querySelector('script[src*="one-chef.js"]');
  var home = new URL("./", script.src);
  var asked = ["scenario", "at", "terms", "theme", "motion", "lang"];

  class OneChef extends HTMLElement {
    static observedAttributes = asked.concat("run", "chapter", "autoplay", "label");

    connectedCallback() {
      if (!this.frame) {
        this.frame = document.createElement("iframe");
        this.frame.style.cssText = "display:block;width:100%;height:560px;border:0;color-scheme:normal";
        this.attachShadow({ mode: "open" }).append(this.frame);
        this.style.display = this.style.display || "block";
      }
      this.hear = (event) => {
        var px = event.source === this.frame.contentWindow && event.data && event.data.onechefHeight;
        if (Number.isFinite(px)) this.frame.style.height = Math.min(Math.max(px, 200), 4000) + "px";
      };
      addEventListener("message", this.hear);
      this.show();
    }

    disconnectedCallback() {
      removeEventListener("message", this.hear);
    }

    attributeChangedCallback() {
      if (this.isConnected && this.frame) this.show();
    }

    show() {
      var url = new URL(home), value = (name) => this.getAttribute(name);
      url.searchParams.set("embed", "1");
      asked.forEach((name) => value(name) && url.searchParams.set(name, value(name)));
      if (value("autoplay") === "yes") url.searchParams.set("play", "1");
      if (value("run")) url.hash = "run/" + value("run");
      if (value("chapter")) url.hash = "tour/" + value("chapter");
      this.frame.title = value("label") || "onechef: an event loop, to step through";
      if (this.frame.src !== url.href) this.frame.src = url.href;
    }
  }
  customElements.define("one-chef", OneChef);
})();
