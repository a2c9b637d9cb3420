"use strict";
(function () {
  function key(body, column, numeric) {
    var cell = body.rows[0].cells[column];
    if (!numeric) { return cell.textContent; }
    // A cell whose text is its number has no other.
    var text = cell.hasAttribute("data-v") ? cell.getAttribute("data-v") : cell.textContent;
    return text === "" || isNaN(Number(text)) ? null : Number(text);
  }
  function sort(table, header) {
    var column = header.cellIndex;
    var numeric = header.getAttribute("data-type") === "number";
    var up = header.getAttribute("aria-sort") !== "ascending";
    var bodies = Array.from(table.tBodies).map(function (body, i) {
      return { body: body, key: key(body, column, numeric), i: i };
    });
    bodies.sort(function (a, b) {
      if (a.key === b.key) { return a.i - b.i; }
      if (a.key === null || b.key === null) { return a.key === null ? 1 : -1; }
      var less = a.key < b.key ? -1 : 1;
      return up ? less : -less;
    });
    var all = document.createDocumentFragment();
    bodies.forEach(function (b) { all.appendChild(b.body); });
    table.appendChild(all);
    Array.from(table.tHead.rows[0].cells).forEach(function (other) { other.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
  }
  document.querySelectorAll("table.sortable").forEach(function (table) {
    table.tHead.addEventListener("click", function (event) {
      var button = event.target.closest("button");
      if (button) { sort(table, button.closest("th")); }
    });
  });
  document.querySelectorAll("button.more").forEach(function (button) {
    button.addEventListener("click", function () {
      document.getElementById(button.dataset.table).classList.remove("few");
      button.remove();
    });
  });
  var table = document.getElementById("table");
  if (!table) { return; }
  table.addEventListener("click", function (event) {
    var button = event.target.closest("button.open");
    if (!button) { return; }
    var body = button.closest("tbody");
    var on = body.classList.toggle("on");
    body.querySelector("details").open = on;
    button.setAttribute("aria-expanded", String(on));
  });
  var find = document.getElementById("find");
  var role = document.getElementById("role");
  var shown = document.getElementById("shown");
  var rows = Array.from(table.tBodies).map(function (body) {
    return { body: body, name: body.rows[0].cells[0].textContent.toLowerCase(), role: body.getAttribute("data-r") };
  });
  function filter() {
    var words = find.value.toLowerCase();
    var count = 0;
    rows.forEach(function (row) {
      var visible = row.name.indexOf(words) >= 0 && (role.value === "" || row.role === role.value);
      row.body.hidden = !visible;
      count += visible ? 1 : 0;
    });
    shown.textContent = count === rows.length ? rows.length + " tensors" : count + " of " + rows.length + " tensors";
  }
  find.addEventListener("input", filter);
  role.addEventListener("change", filter);
  filter();
})();
