"use strict";
/* The report of a run: search and outcomes, the test that was chosen, keys and paper. */

(() => {
  const { make, count } = Dom;
  const OUTCOMES = ["failed", "error", "xpassed", "xfailed", "passed", "skipped"];

  const by = (id) => document.getElementById(id);
  const root = document.documentElement;
  let tests = [];
  let chosen = null;
  const wanted = new Set();

  // Which tests

  const terms = () => Runs.termsOf(by("search").value);

  function filter() {
    const words = terms();
    const shown = tests.filter((test) => (wanted.size === 0 || wanted.has(test.outcome)) && Runs.fits(test, words));
    const all = shown.length === tests.length;
    by("found").textContent = all ? count(tests.length, "test") : `${shown.length} of ${count(tests.length, "test")}`;
    TestList.show(shown);
    highlight();
  }

  function drawChips() {
    const numbers = new Map();
    for (const { outcome } of tests) numbers.set(outcome, (numbers.get(outcome) || 0) + 1);
    const chip = (outcome, number) =>
      make(
        "button",
        {
          type: "button",
          class: `chip ${outcome || "all"}`,
          "aria-pressed": String(outcome ? wanted.has(outcome) : wanted.size === 0),
          onclick: () => {
            if (!outcome) wanted.clear();
            else if (!wanted.delete(outcome)) wanted.add(outcome);
            drawChips();
            filter();
          },
        },
        `${outcome || "all"} `,
        make("b", {}, number.toLocaleString("en-GB")),
      );
    const present = OUTCOMES.filter((outcome) => numbers.has(outcome));
    const focused = [...by("chips").children].indexOf(document.activeElement);
    by("chips").replaceChildren(
      chip(null, tests.length),
      ...present.map((outcome) => chip(outcome, numbers.get(outcome))),
    );
    if (focused >= 0) by("chips").children[focused].focus();
  }

  // Which test

  function choose(test, { message = null, keepAddress = false } = {}) {
    chosen = test;
    const main = by("test");
    main.replaceChildren(Tests.render(test, leave));
    main.scrollTop = 0;
    root.classList.add("test-open");
    document.title = `${test.name} · ${by("title").textContent}`;
    TestList.mark(test);
    highlight();
    if (!keepAddress) history.replaceState(null, "", `#${Tests.address(test)}`);
    if (message) point(message);
  }

  /* Shows one message of the chosen test. */
  function point(sid) {
    const found = by("test").querySelector(`[data-sid="${CSS.escape(sid)}"]`);
    if (!found) return;
    found.querySelector("details").unfold();
    found.classList.add("pointed-at");
    found.scrollIntoView({ block: "center" });
  }

  function leave() {
    root.classList.remove("test-open");
    by("list").focus();
  }

  function follow() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const test = tests.find((each) => each.id === asked.get("test"));
    if (test) choose(test, { message: asked.get("message"), keepAddress: true });
    return Boolean(test);
  }

  function step(rows) {
    const test = TestList.beside(rows);
    if (test) choose(test);
  }

  /* Marks in the chosen test what is searched for, without touching its elements. */
  function highlight() {
    if (!CSS.highlights) return;
    const words = terms();
    const ranges = [];
    const walker = document.createTreeWalker(by("test"), NodeFilter.SHOW_TEXT);
    while (words.length > 0 && ranges.length < 500 && walker.nextNode()) {
      const text = walker.currentNode.data.toLowerCase();
      if (text.length !== walker.currentNode.data.length) continue;
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(walker.currentNode, at);
          range.setEnd(walker.currentNode, at + word.length);
          ranges.push(range);
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  // Paper

  function printFailures() {
    const failures = tests.filter(Runs.failed);
    by("failures")?.remove();
    const sheets = failures.length > 0 ? failures.map((test) => Tests.render(test, leave)) : make("p", { class: "empty" }, "No test failed.");
    document.body.append(make("div", { id: "failures" }, sheets));
    root.classList.add("printing-failures");
    window.print();
  }

  function startPrinting() {
    Conversations.unfoldAll(root.classList.contains("printing-failures") ? by("failures") : by("test"));
  }

  function endPrinting() {
    by("failures")?.remove();
    root.classList.remove("printing-failures");
    if (chosen) by("test").replaceChildren(Tests.render(chosen, leave));
  }

  // Keys

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    s: Appearance.toggleSegments,
    "?": () => by("help").showModal(),
    "/": () => {
      root.classList.remove("test-open");
      by("search").select();
    },
    Escape: () => by("search").value && endSearch(),
  };
  const IN_SEARCH = ["ArrowDown", "ArrowUp", "Escape"];

  function endSearch() {
    by("search").value = "";
    filter();
    TestList.mark(chosen);
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || by("help").open) return;
    const { target } = event;
    const arrow = event.key.startsWith("Arrow");
    if (target === by("search") ? !IN_SEARCH.includes(event.key) : target.matches("input, textarea, select")) return;
    if (arrow && target !== document.body && target.closest("main, .bar, .chips")) return;
    const action = KEYS[event.key];
    if (!action) return;
    event.preventDefault();
    action();
    if (event.key === "Escape") target.blur();
  }

  // Beginning

  function listen() {
    by("search").addEventListener("input", filter);
    TestList.start(choose);
    by("help-button").addEventListener("click", () => by("help").showModal());
    by("print-test").addEventListener("click", () => window.print());
    by("print-failures").addEventListener("click", printFailures);
    document.addEventListener("keydown", press);
    window.addEventListener("hashchange", follow);
    window.addEventListener("beforeprint", startPrinting);
    window.addEventListener("afterprint", endPrinting);
  }

  function describe(run) {
    const messages = tests.reduce((sum, test) => sum + test.messages, 0);
    const others = run.others > 0 ? `; ${count(run.others, "other test")} used no double` : "";
    by("totals").textContent = `${count(tests.length, "test")}, ${count(messages, "message")}${others}`;
  }

  async function start() {
    Appearance.start();
    const run = await Runs.read(by("run"));
    tests = Runs.testsOf(run);
    describe(run);
    listen();
    drawChips();
    filter();
    if (follow()) return;
    if (tests.length > 0) choose(tests[0], { keepAddress: true });
    else by("test").replaceChildren(make("p", { class: "empty" }, "No test of this run used a double."));
    root.classList.remove("test-open");
  }

  start().catch((problem) => {
    by("test").replaceChildren(make("p", { class: "empty" }, `The run could not be read: ${problem.message}`));
    throw problem;
  });
})();
