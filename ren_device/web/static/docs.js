"use strict";
// The page reads well without this. With it, the curl lines name the address that the page came
// from, and can be copied.

for (const host of document.querySelectorAll(".host")) {
  host.textContent = location.host;
}
for (const scheme of document.querySelectorAll(".scheme")) {
  scheme.textContent += location.protocol === "https:" ? "s" : "";
}

const said = document.getElementById("said");

async function copy(line) {
  const text = line.textContent;
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Browsers keep the clipboard from pages that came over plain http; selecting still works.
  const selection = getSelection();
  selection.selectAllChildren(line);
  if (!document.execCommand("copy")) {
    throw new Error("not allowed");
  }
  selection.removeAllRanges();
}

for (const box of document.querySelectorAll(".curl")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy the command for " + box.dataset.what);
  button.addEventListener("click", async () => {
    try {
      await copy(box.querySelector("code"));
      button.textContent = "Copied";
      said.textContent = "Copied the command for " + box.dataset.what;
    } catch {
      button.textContent = "Select it";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  box.append(button);
  box.classList.add("live");
}

const list = document.getElementById("list");
if (matchMedia("(max-width: 56rem)").matches) {
  list.open = false;
}
