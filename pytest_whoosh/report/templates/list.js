"use strict";
/* The list of tests, of which only the rows that are seen are drawn. */

const TestList = (() => {
  const { make, icon, count } = Dom;
  const ROW_HEIGHT = 52;
  /* Rows that are drawn beyond what is seen. */
  const MARGIN = 8;
  const MARKS = {
    failed: "cross",
    error: "alert",
    xpassed: "alert",
    xfailed: "tick",
    passed: "tick",
    skipped: "clock",
  };

  const by = (id) => document.getElementById(id);
  const state = { shown: [], chosen: null, choose: null };

  function row(test, place) {
    return make(
      "div",
      {
        role: "option",
        id: `row-${test.place}`,
        class: `row ${test.outcome}`,
        "aria-selected": String(test === state.chosen),
        "aria-posinset": place + 1,
        "aria-setsize": state.shown.length,
        "aria-label": `${test.outcome}: ${test.name}, ${test.path}, ${count(test.messages, "message")}`,
        title: test.id,
        onclick: () => state.choose(test),
      },
      make("span", { class: `mark ${test.outcome}` }, icon(MARKS[test.outcome] || "clock")),
      make("span", { class: "row-text" }, make("b", {}, test.name), make("small", {}, test.path)),
      make("span", { class: "row-count" }, test.messages > 0 ? test.messages.toLocaleString("en-GB") : null),
    );
  }

  /* Draws the rows that are seen, and some around them. */
  function draw() {
    const list = by("list");
    const rows = by("rows");
    const first = Math.max(0, Math.floor(list.scrollTop / ROW_HEIGHT) - MARGIN);
    const last = Math.ceil((list.scrollTop + list.clientHeight) / ROW_HEIGHT) + MARGIN;
    const nodes = state.shown.slice(first, last).map((test, index) => {
      const node = row(test, first + index);
      node.style.top = `${(first + index) * ROW_HEIGHT}px`;
      return node;
    });
    rows.style.height = `${state.shown.length * ROW_HEIGHT}px`;
    rows.replaceChildren(...(nodes.length > 0 ? nodes : [make("p", { class: "empty" }, "No tests.")]));
    const seen = state.chosen && by(`row-${state.chosen.place}`);
    if (seen) list.setAttribute("aria-activedescendant", seen.id);
    else list.removeAttribute("aria-activedescendant");
  }

  /* Scrolls to the chosen test, where it is among those shown. */
  function reveal() {
    const place = state.shown.indexOf(state.chosen);
    const list = by("list");
    if (place < 0) return;
    const top = place * ROW_HEIGHT;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW_HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_HEIGHT - list.clientHeight;
  }

  /* Shows these tests from the first on. */
  function show(tests) {
    state.shown = tests;
    by("list").scrollTop = 0;
    draw();
  }

  function mark(test) {
    state.chosen = test;
    reveal();
    draw();
  }

  /* The test so many rows from the chosen one, or as far as there are rows; the first where none is chosen. */
  function beside(rows) {
    const place = state.shown.indexOf(state.chosen);
    return place < 0 ? state.shown[0] : state.shown[Math.min(state.shown.length - 1, Math.max(0, place + rows))];
  }

  function start(choose) {
    state.choose = choose;
    by("list").addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
    new ResizeObserver(draw).observe(by("list"));
  }

  return { start, show, mark, beside };
})();
