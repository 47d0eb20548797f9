/* The outputs of cells that run in the browser (run-here.js): texts, errors, figures, and views in HTML without anything
   that could run, load or restyle something. */
export function element(name, classes, ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children); // texts, never markup
  return made;
}

const LONGEST = 100_000; // characters of one text

export function shortened(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}\n… ${text.length - LONGEST} more characters\n` : text;
}

export function textOutput(classes, text = "") {
  const inner = element("div", "highlight", element("pre", "", shortened(text)));
  return element("div", classes, element("div", "highlight-myst-ansi notranslate", inner));
}

export function errorOutput({ traceback, details }) {
  const made = textOutput("output traceback", traceback.join("\n"));
  if (!details) return made;
  const more = element("details", "guide-live-details", element("summary", "", "Traceback"), element("pre", "", details));
  return element("div", "", made, more);
}

export function dataOutput({ data, metadata }, html) {
  if (data["image/png"]) return figure(data["image/png"], metadata?.versions ?? {});
  if (html && data["text/html"]) return safeHtml(data["text/html"]);
  return textOutput("output text_plain", data["text/plain"] ?? Object.values(data).join("\n"));
}

/* A figure; Matplotlib draws one for each theme, with two pixels for one. */
function figure(png, versions) {
  const made = element("div", "output image_png");
  for (const theme of ["light", "dark"]) {
    const image = element("img", `guide-sharp only-${theme}`);
    image.alt = "Figure drawn by this cell";
    image.src = versions[theme] ? `data:image/webp;base64,${versions[theme]}` : `data:image/png;base64,${png}`;
    made.append(image);
    if (versions[theme]) image.onload = () => (image.width = image.naturalWidth / 2);
  }
  return made;
}

/* Styles in HTML. The policy of the page refuses them already while they are parsed, with a message each. */
const STYLES = /<style\b[^>]*>[\s\S]*?<\/style\s*>|\sstyle\s*=\s*("[^"]*"|'[^']*')/gi;

/* The view of an object in HTML, without what could run, load or restyle anything. */
function safeHtml(text) {
  const parsed = new DOMParser().parseFromString(text.replace(STYLES, ""), "text/html");
  for (const tag of parsed.querySelectorAll("script, style, link, meta, base, iframe, object, embed, form")) tag.remove();
  for (const tag of parsed.querySelectorAll("*")) {
    for (const { name, value } of [...tag.attributes]) {
      const loads = ["src", "srcset", "href", "xlink:href", "action", "formaction"].includes(name.toLowerCase());
      if (/^(on|style$)/i.test(name) || (loads && !/^(#|data:image\/|https:\/\/)/.test(value))) tag.removeAttribute(name);
      if (loads && name !== "href" && name !== "xlink:href" && !/^(#|data:image\/)/.test(value)) tag.removeAttribute(name);
    }
  }
  for (const image of parsed.querySelectorAll("img")) {
    if (!image.hasAttribute("src")) image.remove();
    else if (!image.hasAttribute("alt")) image.alt = "Picture in the output";
  }
  return element("div", "output text_html", ...parsed.body.childNodes);
}
