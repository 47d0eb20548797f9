// A form that fills in the template of an nbgitpuller link, and the template of a badge for a README. Without scripts,
// the page shows both templates and explains their parts.
document.querySelectorAll(".link-builder").forEach((builder) => {
  const [linkTemplate, badgeTemplate] = [...builder.querySelectorAll("pre")].map((pre) => pre.textContent.trim());
  const FOLDERS = { lab: "lab/tree", notebook: "tree" };
  // Forges that serve a repository under its address with and without .git; nbgitpuller names the folder after it.
  const FORGES = ["github.com", "gitlab.com", "codeberg.org", "bitbucket.org"];
  // Pages of a file or folder, by forge: the repository, then the branch and the path.
  const PAGES = [
    /^([^/]+\/[^/]+)\/(?:blob|tree|raw|blame|edit)\/(?:refs\/heads\/)?(.+)$/, // GitHub
    /^(.+?)\/-\/(?:blob|tree|raw|blame|edit)\/(?:refs\/heads\/)?(.+)$/, // GitLab
    /^([^/]+\/[^/]+)\/src\/branch\/(.+)$/, // Codeberg
  ];

  const encode = (text) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const decode = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const addressOf = (text) => {
    try {
      return new URL(text);
    } catch {
      return undefined;
    }
  };
  const trimmed = (text) => text.replace(/^\/+|\/+$/g, "");

  // The repository of an address, and the branch and path (as one text) if it is that of a file or folder.
  const parseAddress = (text) => {
    const ssh = text.match(/^(?:ssh:\/\/)?git@([^:/]+)[:/](.+?)(?:\.git)?\/?$/);
    if (ssh) return { error: `Use https://${ssh[1]}/${ssh[2]}: students have no key for an address that begins with git@.` };
    if (!/^https:\/\//i.test(text)) return { error: "Begin the address with https://." };
    const url = addressOf(text);
    if (!url) return { error: "This is not a web address. Copy it from the address bar of your browser." };
    if (url.username || url.password) return { error: "Remove the name or token before @: all students could read it." };
    const raw = url.host === "raw.githubusercontent.com";
    const host = raw ? "github.com" : url.host.replace(/^www\.github\.com$/, "github.com");
    let path = trimmed(url.pathname);
    if (raw) path = path.replace(/^([^/]+\/[^/]+)\//, "$1/raw/");
    const page = PAGES.map((pattern) => path.match(pattern)).find(Boolean);
    if (page) path = page[1];
    if (FORGES.includes(host)) path = path.replace(/\.git$/, "");
    const names = path.split("/").filter(Boolean);
    if (names.length < (FORGES.includes(host) ? 2 : 1)) return { error: `Add the owner and the repository: https://${host}/OWNER/REPOSITORY.` };
    if (host === "github.com" && names.length > 2) return { error: `Use the repository's first page: https://${host}/${names[0]}/${names[1]}.` };
    return { repo: `https://${host}/${names.join("/")}`, rest: page && decode(trimmed(page[2])) };
  };

  // The branch and the path in the address of a file. A branch may contain slashes, so the one that was typed counts.
  const splitRest = (rest, typed) => {
    const branch = typed && `${rest}/`.startsWith(`${typed}/`) ? typed : rest.split("/")[0];
    return { branch, path: trimmed(rest.slice(branch.length)) };
  };

  const branchError = (branch) => {
    if (!branch) return "Enter a branch, such as main. GitHub shows its name above the list of files.";
    if (/^[0-9a-f]{40}$/.test(branch)) return "This is a commit. Enter a branch, so that students get your corrections.";
    if (/[\s~^:?*[\\]|\.\.|@\{|^[-/.]|[/.]$|\/\/|\.lock$/.test(branch)) return "No branch can have this name. Check it on GitHub.";
    return "";
  };
  const pathError = (path) => {
    if (/^https?:/i.test(path)) return "Enter only the path in the repository, or paste the whole address as the repository.";
    if (/^(~|\/home\/|home\/jovyan(\/|$))/.test(path)) return "Enter the path in the repository, not that on your server, which begins with ~ or /home.";
    if (path.includes("\\")) return "Separate folders with /.";
    if (path.split("/").includes("..")) return 'Enter the path from the top of the repository, without "..".';
    return "";
  };

  // What to check in a path that nbgitpuller accepts, but that probably begins with something that the link adds itself.
  const pathHint = (path, folder) => {
    const added = [...Object.values(FOLDERS), folder].find((first) => `${path}/`.startsWith(`${first}/`));
    return added ? ` Leave ${added}/ out of the path, unless a folder in the repository has this name too.` : "";
  };

  const element = (name, properties, ...children) => {
    const { attributes = {}, ...others } = properties;
    const made = Object.assign(document.createElement(name), others);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  };
  const field = (name, label, hint, value = "") => {
    const attributes = { "aria-describedby": `link-${name}-hint link-${name}-error`, autocapitalize: "none" };
    const input = element("input", { id: `link-${name}`, name, value, type: "text", spellcheck: false, autocomplete: "off", attributes });
    const error = element("p", { id: `link-${name}-error`, className: "error", hidden: true });
    const box = element("div", { className: "field" },
      element("label", { htmlFor: input.id, textContent: label }), input,
      element("p", { id: `link-${name}-hint`, className: "hint", textContent: hint }), error);
    return { box, input, error };
  };
  const result = (name, label) => {
    const text = element("textarea", { id: `link-${name}`, name, readOnly: true, rows: 3, spellcheck: false });
    const button = element("button", { type: "button", textContent: "Copy" });
    button.setAttribute("aria-label", `Copy: ${label}`);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.value);
        status.textContent = `Copied: ${label}.`;
      } catch {
        text.select();
        status.textContent = "The text is selected. Press Ctrl+C to copy it.";
      }
    });
    return { box: element("div", { className: "field" }, element("label", { htmlFor: text.id, textContent: label }), text, button), text };
  };

  const repo = field("repo", "Repository", "The address of a public repository, or of a file in it, as in your browser");
  const branch = field("branch", "Branch", "The whole name, also if it contains a slash", "main");
  const path = field("path", "File or folder to open", "Its path in the repository, without the repository's name; leave it empty to open the whole folder");
  const fields = [repo, branch, path];
  const choices = [["lab", "JupyterLab"], ["notebook", "Notebook"]].map(([value, label]) => {
    const input = element("input", { type: "radio", name: "app", value, checked: value === "lab" });
    return element("label", {}, input, ` ${label}`);
  });
  const app = element("fieldset", {}, element("legend", { textContent: "Open it in" }), ...choices,
    element("p", { className: "hint", textContent: "JupyterLab has a file browser and tabs; Notebook shows only the notebook" }));
  const link = result("result", "Link for your students");
  const badge = result("badge", "Markdown for a README");
  const test = element("a", { textContent: "Try the link", target: "_blank", rel: "noopener" });
  const results = element("div", { className: "results", hidden: true }, link.box, element("p", {}, test), badge.box);
  const status = element("p", { className: "status", attributes: { role: "status" } });
  const get = element("button", { type: "submit", textContent: "Get the link" });
  const form = element("form", { noValidate: true, attributes: { "aria-label": "Link builder" } },
    ...fields.map(({ box }) => box), app, get, status, results);

  let pasted = ""; // the branch and path of the last address of a file, which a longer branch splits elsewhere
  const show = ({ input, error }, message, late) => {
    if (message && !late && error.hidden) return; // do not complain about something that is still being typed
    error.textContent = message;
    error.hidden = !message;
    input.setAttribute("aria-invalid", String(Boolean(message)));
  };
  const separate = () => {
    const address = parseAddress(repo.input.value.trim());
    if (!address.rest) return;
    pasted = address.rest;
    const parts = splitRest(pasted, branch.input.value.trim());
    [repo.input.value, branch.input.value, path.input.value] = [address.repo, parts.branch, parts.path];
  };
  const build = (late) => {
    const address = parseAddress(repo.input.value.trim());
    const [name, file] = [branch.input.value.trim().replace(/^refs\/heads\//, ""), trimmed(path.input.value.trim().replace(/^\.\//, ""))];
    const errors = [repo.input.value.trim() ? address.error : "Enter the address of your repository.", branchError(name), pathError(path.input.value.trim())];
    const found = address.rest ? splitRest(address.rest, name) : { branch: name, path: file };
    fields.forEach((one, number) => show(one, errors[number] || "", late));
    results.hidden = errors.some(Boolean);
    if (results.hidden) return errors.find(Boolean);
    // The path is encoded twice: once as a part of the address that nbgitpuller opens, and again as a value in the link.
    const folder = address.repo.split("/").pop();
    const opens = [FOLDERS[form.elements.app.value], ...[folder, ...found.path.split("/")].filter(Boolean).map(encode)].join("/");
    const values = { REPOSITORY: address.repo, BRANCH: found.branch, URLPATH: opens };
    link.text.value = linkTemplate.replace(/REPOSITORY|BRANCH|URLPATH/g, (word) => encode(values[word]));
    badge.text.value = badgeTemplate.replace("LINK", () => link.text.value);
    test.href = link.text.value;
    return `The link is ready.${pasted ? "" : pathHint(file, folder)}`;
  };

  // A screen reader would read the same text again after each key if it were set again.
  const tell = (message) => {
    if (status.textContent !== message) status.textContent = message;
  };

  form.addEventListener("input", (event) => {
    if (event.target === repo.input && event.inputType === "insertFromPaste") separate();
    if (event.target === branch.input && pasted && `${pasted}/`.startsWith(`${branch.input.value.trim()}/`))
      path.input.value = splitRest(pasted, branch.input.value.trim()).path;
    if (event.target === path.input) pasted = "";
    const message = build(false);
    // The link appears and disappears while something is typed. An error is repeated only if its field shows it.
    tell(results.hidden ? (fields.find(({ error }) => !error.hidden)?.error.textContent ?? "") : message);
  });
  form.addEventListener("change", (event) => {
    if (get.matches(":active")) return; // a message would move the button that is being pressed, which submits the form
    if (event.target === repo.input) separate();
    status.textContent = build(true);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    separate();
    status.textContent = build(true);
    fields.find(({ error }) => !error.hidden)?.input.focus();
  });
  status.textContent = "Enter the address of your repository to get the link.";
  builder.prepend(form);
});
