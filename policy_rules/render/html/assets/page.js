// Filters, unfolding, printing and search. Without this script every page still shows all it has.
"use strict";

(() => {
  const all = (selector, below = document) => [...below.querySelectorAll(selector)];
  const plain = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ");

  // -- unfolding -----------------------------------------------------------------------------

  const shown = (element) => element.getClientRects().length > 0;

  function fold(open) {
    for (const details of all("main details")) {
      if (details.open !== open && (!open || shown(details) || details.closest("details[open]"))) {
        details.open = open;
      }
    }
  }

  for (const button of all("[data-do]")) {
    button.addEventListener("click", () => fold(button.dataset.do === "unfold"));
  }

  // What a link leads to must be seen, though it stands in something folded or filtered away.
  function reveal() {
    let name = "";
    try {
      name = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = name && document.getElementById(name);
    if (!target) return;
    for (let e = target; e; e = e.parentElement) {
      if (e.tagName === "DETAILS") e.open = true;
      if (e.hidden) e.hidden = false;
    }
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // On paper nothing can be unfolded: what belongs to the report unfolds, the rest stays as it was left.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = all("main details[data-paper]:not([open])").filter((d) => !d.closest("[hidden]"));
    closed.forEach((d) => (d.open = true));
  });
  window.addEventListener("afterprint", () => {
    closed.forEach((d) => (d.open = false));
    closed = [];
  });

  // -- filters -------------------------------------------------------------------------------
  // An item is shown where each filter finds its value among the item's own (or its group's), and its text
  // or the heading of its group holds every word. Groups, columns and sections without items go away.

  function filtering(form) {
    const query = form.querySelector("[data-query]");
    const selects = all("[data-filter]", form);
    const output = form.querySelector("[data-count]");
    const nothing = document.querySelector("[data-nothing]");
    const items = all("[data-item]").map((element) => {
      const group = element.closest("[data-group]");
      return { element, group, text: plain(element.textContent) };
    });
    const groups = all("[data-group]").map((element) => ({
      element,
      heading: plain(all("[data-heading]", element).map((e) => e.textContent).join(" ")),
    }));
    const heading = new Map(groups.map((g) => [g.element, g.heading]));

    const fits = (item, name, value) => {
      const own = item.element.dataset[name];
      const told = own === undefined && item.group ? item.group.dataset[name] : own;
      return (told || "").split(" ").includes(value);
    };

    function apply() {
      const words = query ? plain(query.value).trim().split(" ").filter(Boolean) : [];
      const wanted = selects.filter((s) => s.value);
      let count = 0;
      for (const item of items) {
        const text = item.group ? heading.get(item.group) + " " + item.text : item.text;
        const fit =
          wanted.every((s) => fits(item, s.dataset.filter, s.value)) && words.every((w) => text.includes(w));
        item.element.hidden = !fit;
        count += fit;
      }
      const region = (selects.find((s) => s.dataset.filter === "region") || {}).value;
      const busy = wanted.length > 0 || words.length > 0;
      for (const column of all("[data-column]")) {
        const apart = Boolean(region) && column.dataset.region !== region;
        const empty = all("[data-item]", column).every((e) => e.hidden);
        column.hidden = apart || (busy && empty && all("[data-item]", column).length > 0);
      }
      for (const part of [...groups.map((g) => g.element), ...all("[data-section]")]) {
        part.hidden = busy && all("[data-item]", part).every((e) => e.hidden);
      }
      if (nothing) nothing.hidden = count > 0;
      output.value = output.dataset.count.replace("{shown}", count).replace("{all}", items.length);
    }

    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(apply, 80);
    });
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    apply();
  }
  all("[data-filters]").forEach(filtering);

  // -- search over the explorer --------------------------------------------------------------
  // The index is a script of its own, so that it also loads from a file; it is asked for when first needed.

  const MOST = 60;

  function searching(form) {
    const query = form.querySelector("input");
    const list = form.querySelector("[data-results]");
    const status = form.querySelector("[data-status]");
    let entries = null;
    let asked = false;

    function ask() {
      if (asked) return;
      asked = true;
      const script = document.createElement("script");
      script.src = form.dataset.index;
      script.addEventListener("load", () => {
        entries = window.policyRulesIndex.map(([kind, where, title, text, page]) => ({
          kind, where, title, text, page,
          head: plain(title + " " + where), body: plain(text),
        }));
        find();
      });
      document.head.append(script);
    }

    function find() {
      const words = plain(query.value).trim().split(" ").filter(Boolean);
      list.replaceChildren();
      status.textContent = "";
      if (!entries || !words.length) {
        list.hidden = true;
        return;
      }
      const found = [];
      for (const e of entries) {
        const heads = words.filter((w) => e.head.includes(w)).length;
        if (words.every((w) => e.head.includes(w) || e.body.includes(w))) {
          found.push([heads * 4 + (e.head.startsWith(words[0]) ? 2 : 0), e]);
        }
      }
      found.sort((a, b) => b[0] - a[0]);
      status.textContent = found.length
        ? form.dataset.found.replace("{n}", found.length) + (found.length > MOST ? " " + form.dataset.more.replace("{n}", MOST) : "")
        : form.dataset.none;
      for (const [, e] of found.slice(0, MOST)) {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = form.dataset.root + e.page;
        link.textContent = e.title;
        const about = document.createElement("span");
        about.className = "about";
        about.textContent = e.kind + " · " + e.where;
        item.append(link, " ", about);
        if (e.text && e.text !== e.title) {
          const text = document.createElement("p");
          text.textContent = e.text.length > 120 ? e.text.slice(0, 120) + "…" : e.text;
          item.append(text);
        }
        list.append(item);
      }
      list.hidden = false;
    }

    query.addEventListener("focus", ask);
    query.addEventListener("input", () => {
      ask();
      find();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const first = list.querySelector("a");
      if (first) first.focus();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        query.value = "";
        find();
        query.focus();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const stops = [query, ...all("a", list)];
        const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
        if (stops[next]) {
          event.preventDefault();
          stops[next].focus();
        }
      }
    });
    form.hidden = false;
  }
  all("[data-index]").forEach(searching);
})();
