// The menus and buttons of the header, and light colours for print. A menu opens on click; Escape, a click elsewhere or a lost focus closes it.
document.addEventListener("DOMContentLoaded", () => {
  const toggles = document.querySelectorAll('[data-bs-toggle="dropdown"]');
  const set = (toggle, open) => {
    toggle.setAttribute("aria-expanded", String(open));
    toggle.parentElement.querySelector(".dropdown-menu").classList.toggle("show", open);
  };
  for (const toggle of toggles) {
    toggle.addEventListener("click", () => {
      const open = toggle.getAttribute("aria-expanded") !== "true";
      toggles.forEach((other) => set(other, other === toggle && open));
    });
    toggle.parentElement.addEventListener("focusout", (event) => {
      if (!toggle.parentElement.contains(event.relatedTarget)) set(toggle, false);
    });
    toggle.parentElement.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      set(toggle, false);
      toggle.focus();
    });
  }
  document.addEventListener("click", (event) => {
    toggles.forEach((toggle) => toggle.parentElement.contains(event.target) || set(toggle, false));
  });
  // On a narrow screen, both lists open over the page, the list of pages at the current one.
  for (const side of ["primary", "secondary"]) {
    const dialog = document.getElementById(`pst-${side}-sidebar-modal`);
    const button = document.querySelector(`.${side}-toggle`);
    dialog?.addEventListener("close", () => setTimeout(() => button?.focus({ preventScroll: true })));
    button?.addEventListener("click", () => setTimeout(showCurrent));
  }
  showCurrent();
  const theme = document.querySelector(".theme-switch-button");
  const nameTheme = () => {
    const name = { light: "light", dark: "dark" }[document.documentElement.dataset.mode] || "as the system's";
    theme.title = `Theme: ${name}`;
    theme.setAttribute("aria-label", theme.title);
  };
  if (theme) {
    nameTheme();
    new MutationObserver(nameTheme).observe(document.documentElement, { attributeFilter: ["data-mode"] });
  }
  const does = { print: () => window.print(), copyPage };
  document.querySelectorAll("[data-does]").forEach((button) => {
    button.addEventListener("click", () => does[button.dataset.does](button));
  });
});

// Scroll the list of pages to the current one, without moving the page.
function showCurrent() {
  const link = document.querySelector('.bd-links a[aria-current="page"]');
  const list = link?.closest(".bd-sidebar-primary");
  if (!list || !link.checkVisibility()) return;
  const there = link.getBoundingClientRect().top - list.getBoundingClientRect().top;
  if (there < 60 || there > list.clientHeight - 60) list.scrollTop += there - list.clientHeight / 2;
}

// Print in light colours, whatever the reader chose for the screen.
const paper = matchMedia("print");
const setPaper = (printing) => {
  const data = document.documentElement.dataset;
  if (printing && data.theme === "dark") [data.theme, data.onScreen] = ["light", "dark"];
  if (!printing && data.onScreen) {
    data.theme = data.onScreen;
    delete data.onScreen;
  }
};
paper.addEventListener("change", () => setPaper(paper.matches));
addEventListener("beforeprint", () => setPaper(true));
addEventListener("afterprint", () => setPaper(false));

// Copy the page's Markdown to the clipboard; if that is not possible, as on a page from disk, show it.
async function copyPage(button) {
  const words = button.textContent;
  try {
    const answer = await fetch(button.dataset.page);
    if (!answer.ok) throw new Error(answer.statusText);
    await navigator.clipboard.writeText(guideNamed(await answer.text()));
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = words), 2000);
  } catch {
    location.assign(button.dataset.page);
  }
}
