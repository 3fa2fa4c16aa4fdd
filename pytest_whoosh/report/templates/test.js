"use strict";
/* One test: what became of it, and its doubles. */

const Tests = (() => {
  const { make, icon, foreign, count } = Dom;

  const doublesOf = (test) => test.doubles || [];
  const messagesOf = (test) => doublesOf(test).flatMap((double) => double.messages || []);

  function failureText(text) {
    const lines = text.split("\n").map((line) => {
      const kind = /^E( |$)/.test(line) ? "failure-error" : /^>/.test(line) ? "failure-here" : null;
      return [kind ? make("span", { class: kind }, line) : line, "\n"];
    });
    return make("pre", { tabindex: "0", "aria-label": "Traceback" }, lines);
  }

  /* Where a failure happened: the line of the project, and what stands there. */
  function place({ line, source, error }) {
    return make(
      "div",
      { class: "place" },
      make("p", { class: "place-error" }, foreign(error)),
      make("p", { class: "place-line" }, foreign(line), " ", Dom.copier(line, "the file and line")),
      make("pre", {}, source),
    );
  }

  function failure(test) {
    if (!test.failure) return null;
    const places = (test.places || []).map(place);
    return make("section", { class: "panel failure", "aria-label": "Failure" }, places, failureText(test.failure));
  }

  function spent(test) {
    const prices = messagesOf(test).filter((message) => message.price && message.unit === "USD");
    const sum = prices.reduce((total, message) => total + Math.abs(Number(message.price)), 0);
    return sum > 0 ? `$${sum.toFixed(4)}` : null;
  }

  function totals(test) {
    const webhooks = doublesOf(test).reduce((sum, double) => sum + (double.webhooks || []).length, 0);
    return [
      count(test.messages, "message"),
      webhooks > 0 && count(webhooks, "webhook"),
      test.refused > test.broken && count(test.refused - test.broken, "refused call"),
      test.broken > 0 && count(test.broken, "broken call"),
      spent(test),
    ].filter(Boolean);
  }

  function doubleTitle(double, index, all) {
    const span = `${Moments.day(double.started)}, ${Moments.time(double.started)} to ${Moments.beside(double.now, double.started)} UTC`;
    return make(
      "p",
      { class: "double-title" },
      all.length > 1 ? make("b", {}, `Double ${index + 1} of ${all.length} `) : null,
      make("span", { class: "muted" }, "Virtual clock: ", span),
    );
  }

  /* The test as an element; its messages link to themselves, and a button leaves it. */
  function render(test, leave) {
    const href = (message) => `#${address(test)}&message=${message.sid}`;
    const doubles = doublesOf(test).map((double, index, all) => {
      const section = make("section", { class: "double" }, doubleTitle(double, index, all));
      renderDouble(section, double, { href });
      return section;
    });
    return make(
      "article",
      { class: "test" },
      make(
        "header",
        {},
        make("button", { type: "button", class: "back quiet", onclick: leave }, icon("back"), "All tests"),
        make("p", { class: "test-path muted" }, test.path),
        make("h2", {}, make("span", { class: `outcome ${test.outcome}` }, test.outcome), " ", foreign(test.name)),
        make("p", { class: "muted" }, totals(test).join(" · ")),
      ),
      failure(test),
      doubles,
      doubles.length === 0 ? make("p", { class: "empty" }, "This test used no double.") : null,
    );
  }

  const address = (test) => `test=${encodeURIComponent(test.id)}`;

  return { render, address };
})();
