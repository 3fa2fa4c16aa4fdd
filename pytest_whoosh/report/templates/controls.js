"use strict";
/* The controls: over time, over what people write, over what fails; and what the control API says to them. */

const Controls = (() => {
  const by = (id) => document.getElementById(id);
  let refresh = () => {};

  /* Has the server do something for a form: says beside it what came of it. */
  async function order(form, operation, document, done = "") {
    const output = form.querySelector("output");
    const buttons = [...form.querySelectorAll("button")];
    const focused = window.document.activeElement;
    buttons.forEach((button) => (button.disabled = true));
    output.className = "";
    output.textContent = "";
    try {
      await Server.ask(operation, document);
      output.textContent = done;
      return true;
    } catch (problem) {
      output.className = "error-text";
      output.textContent = problem.message;
      return false;
    } finally {
      buttons.forEach((button) => (button.disabled = false));
      if (buttons.includes(focused)) focused.focus();
      refresh();
    }
  }

  const filled = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));

  function listenToTime() {
    const form = by("time");
    for (const button of form.querySelectorAll("[data-travel]")) {
      button.addEventListener("click", () => order(form, "travel", { [button.dataset.travel]: 1 }));
    }
    form.querySelector("[data-operation]").addEventListener("click", () => order(form, "settle", {}));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      order(form, "travel", { to: `${form.elements.to.value.padEnd(19, ":00")}Z` });
    });
  }

  function listenToScripts() {
    const form = by("when");
    const { outcome, code } = form.elements;
    outcome.addEventListener("change", () => (code.value = outcome.selectedOptions[0].dataset.code));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { to, body, times } = form.elements;
      const given = { match: filled({ to: to.value.trim(), "body~": body.value }) };
      given[outcome.value] = { code: /^\d+$/.test(code.value) ? Number(code.value) : code.value };
      if (times.value) given.times = Number(times.value);
      const recipient = to.value.trim() || "anybody";
      order(form, "when", given, `Scripted: ${outcome.selectedOptions[0].textContent}, ${code.value}, to ${recipient}.`);
    });
  }

  /* Fields that an answer needs, and what the control API is given for it. */
  const ANSWERS = {
    respond: { field: "HTTP status", value: "503", order: (number) => ({ status: number }) },
    reject: { field: "Error code", value: "20003", order: (number) => ({ code: number }) },
    rate_limit: { field: "Retry after, s", value: "1", order: (number) => ({ retry_after: number }) },
    timeout: { order: () => true },
    disconnect: { order: () => true },
  };

  function listenToCalls() {
    const form = by("when-called");
    const { method, url, outcome, number, times } = form.elements;
    const label = number.closest("label");
    outcome.addEventListener("change", () => {
      const { field, value } = ANSWERS[outcome.value];
      label.hidden = !field;
      label.firstElementChild.textContent = field || "";
      number.value = value || "";
      number.required = Boolean(field);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = { method: method.value, url: url.value.trim() };
      given[outcome.value] = ANSWERS[outcome.value].order(/^\d+$/.test(number.value) ? Number(number.value) : number.value);
      if (times.value) given.times = Number(times.value);
      order(form, "when_called", given, `Scripted: ${outcome.selectedOptions[0].textContent}.`);
    });
  }

  /* Lists the rules, the newest first, for that is the order in which they are asked. */
  function showRules(rules) {
    by("rules").hidden = rules.length === 0;
    const signature = JSON.stringify(rules);
    if (by("rules-list").signature === signature) return;
    by("rules-list").signature = signature;
    const form = by("rules-form");
    const lines = rules.toReversed().map((rule) => {
      const remove = Dom.make("button", { type: "button", class: "quiet", "aria-label": `Remove rule ${rule.id}` }, "Remove");
      remove.addEventListener("click", () => order(form, "remove_rule", { id: rule.id }));
      return Conversations.ruleLine({ ...rule, rule: rule.rule.replace(/^POST \/_whoosh\//, "") }, remove);
    });
    by("rules-list").replaceChildren(...lines);
  }

  /* On a small screen only the clock is open, which leaves room for the messages. */
  function fold() {
    if (!window.matchMedia("(max-width: 760px)").matches) return;
    for (const details of window.document.querySelectorAll(".controls details")) {
      details.open = details.contains(by("time"));
    }
  }

  /* Has the forms work; calls changed() after each order. */
  function start(changed) {
    refresh = changed;
    listenToTime();
    listenToScripts();
    listenToCalls();
    fold();
    const receive = by("receive");
    receive.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { from, to, body } = receive.elements;
      const said = { from: from.value.trim(), to: to.value.trim(), body: body.value };
      if (await order(receive, "receive", said)) body.value = "";
    });
    by("reset-button").addEventListener("click", () => by("confirm").showModal());
    by("confirm").addEventListener("close", () => {
      if (by("confirm").returnValue === "reset") order(by("reset"), "reset", {}, "Everything was deleted.");
      by("confirm").returnValue = "";
    });
  }

  return { start, order, showRules };
})();
