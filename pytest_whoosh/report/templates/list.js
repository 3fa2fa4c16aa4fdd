"use strict";
/* The list of tests, grouped by file, of which only the rows that are seen are drawn. */

const TestList = (() => {
  const { make, icon, foreign, count } = Dom;
  const ROW_HEIGHT = 46;
  const GROUP_HEIGHT = 30;
  /* Pixels that are drawn beyond what is seen. */
  const MARGIN = 400;
  const MARKS = {
    failed: "cross",
    error: "alert",
    xpassed: "alert",
    xfailed: "tick",
    passed: "tick",
    skipped: "clock",
  };

  const by = (id) => document.getElementById(id);
  /* The tests that are shown; the rows of these and of their files, each with its place in pixels. */
  const state = { shown: [], rows: [], height: 0, chosen: null, choose: null };

  /* The first line of what went wrong, and how many calls, messages and webhooks did. */
  function troubles(test) {
    const said = test.places?.[0]?.error;
    const marks = [
      [test.refused - test.broken, "call refused", "calls refused"],
      [test.broken, "call broken", "calls broken"],
      [test.lost, "message not delivered", "messages not delivered"],
      [test.unanswered, "webhook failed", "webhooks failed"],
      [test.undelivered, "webhook not delivered", "webhooks not delivered"],
    ].filter(([number]) => number > 0);
    if (!said && marks.length === 0) return null;
    return make(
      "small",
      { class: "row-troubles" },
      marks.map(([number, one, many]) => make("span", { class: "row-mark" }, icon("alert"), count(number, one, many))),
      said ? foreign(said, { class: "row-error" }) : null,
    );
  }

  function row({ test, place }) {
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
      make("span", { class: "row-text" }, make("b", {}, test.name), troubles(test)),
      make("span", { class: "row-count" }, test.messages > 0 ? test.messages.toLocaleString("en-GB") : null),
    );
  }

  const group = ({ path, number }) =>
    make(
      "div",
      { class: "group", "aria-hidden": "true", title: path },
      make("span", {}, foreign(path)),
      number.toLocaleString("en-GB"),
    );

  /* The rows of some tests: one for each file before its tests. A file has two if only some of its tests failed. */
  function rowsOf(tests) {
    const rows = [];
    let top = 0;
    let head = null;
    tests.forEach((test, place) => {
      if (!head || head.path !== test.path || head.failed !== Runs.failed(test)) {
        head = { top, height: GROUP_HEIGHT, path: test.path, failed: Runs.failed(test), number: 0 };
        rows.push(head);
        top += GROUP_HEIGHT;
      }
      head.number += 1;
      rows.push({ top, height: ROW_HEIGHT, test, place });
      top += ROW_HEIGHT;
    });
    return { rows, height: top };
  }

  /* The index of the first row that ends below a place in pixels. */
  function rowAt(pixels) {
    let low = 0;
    let high = state.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (state.rows[middle].top + state.rows[middle].height > pixels) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /* Draws the rows that are seen, and some around them. */
  function draw() {
    const list = by("list");
    const rows = by("rows");
    const first = rowAt(list.scrollTop - MARGIN);
    const last = rowAt(list.scrollTop + list.clientHeight + MARGIN);
    const nodes = state.rows.slice(first, last + 1).map((each) => {
      const node = each.test ? row(each) : group(each);
      node.style.top = `${each.top}px`;
      node.style.height = `${each.height}px`;
      return node;
    });
    rows.style.height = `${state.height}px`;
    rows.replaceChildren(...(nodes.length > 0 ? nodes : [make("p", { class: "empty" }, "No tests.")]));
    const seen = state.chosen && by(`row-${state.chosen.place}`);
    if (seen) list.setAttribute("aria-activedescendant", seen.id);
    else list.removeAttribute("aria-activedescendant");
  }

  /* Scrolls to the chosen test if it is among those shown; its file is seen too if it is the first of it. */
  function reveal() {
    const index = state.rows.findIndex(({ test }) => test && test === state.chosen);
    const list = by("list");
    if (index < 0) return;
    const { top, height } = state.rows[index];
    const start = state.rows[index - 1].test ? top : top - GROUP_HEIGHT;
    if (start < list.scrollTop) list.scrollTop = start;
    else if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
  }

  /* Shows these tests from the first on. */
  function show(tests) {
    state.shown = tests;
    Object.assign(state, rowsOf(tests));
    by("list").scrollTop = 0;
    draw();
  }

  function mark(test) {
    state.chosen = test;
    reveal();
    draw();
  }

  /* The test so many rows from the chosen one, or as far as there are rows; the first if none is chosen. */
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
