/* What is wrong with how a document is set, measured in the browser: run inside the page, gives a list of lines.

   A line is "kind: place: detail". The kinds: sideways (wider than the screen), clipped (cut off by a box), out (words
   that stick out of their box), small (a font below 13 px), target (something to tap below 24 px), faint (contrast
   below 4.5), over (words or pictures that lie over each other), bright and gloomy (a surface that ignores the scheme),
   side (words of a language from the right that do not stand at the right), picture (not loaded, or out of shape). */
({ dark, pictures }) => {
  const SMALLEST = 13, TARGET = 24, CONTRAST = 4.5;
  const NO_TEXT = new Set(["SCRIPT", "STYLE", "TITLE", "NOSCRIPT", "TEMPLATE", "HEAD"]);
  const width = document.documentElement.clientWidth;
  const faults = new Set();

  const words = (text) => text.replace(/[\s\u00a0\u00ad\u034f\u200b-\u200f\u2060\ufeff]+/g, " ").trim();
  const place = (element) => {
    const names = [];
    for (let each = element; each && each !== document.body && names.length < 3; each = each.parentElement)
      names.unshift(each.tagName.toLowerCase() + (each.classList[0] ? "." + each.classList[0] : ""));
    return `${names.join(" > ")} "${words(element.innerText || element.alt || element.value || "").slice(0, 48)}"`;
  };
  const fault = (kind, element, detail) => faults.add(`${kind}: ${place(element)}: ${detail}`);
  const style = (element) => getComputedStyle(element);
  const round = (number) => Math.round(number * 10) / 10;

  /* Kept for screen readers, or brought in by the keyboard: nobody sees it now. */
  const hidden = (element) => {
    for (let each = element; each && each !== document.body; each = each.parentElement) {
      const found = style(each), box = each.getBoundingClientRect();
      if (found.visibility !== "visible" || found.opacity === "0") return true;
      if (["absolute", "fixed"].includes(found.position)) {
        const line = parseFloat(found.lineHeight) || 20;
        if ((box.width <= 1 && box.height <= 1) || box.right <= 0 || box.left >= width + 4000 || box.bottom < -line) return true;
      }
    }
    return false;
  };
  const scrolls = (element) => {
    for (let each = element; each && each !== document.body; each = each.parentElement)
      if (["auto", "scroll"].includes(style(each).overflowX)) return true;
    return false;
  };
  const block = (element) => {
    let each = element;
    while (each !== document.body && ["inline", "contents"].includes(style(each).display)) each = each.parentElement;
    return each;
  };

  /* Every piece of visible text: its lines as rectangles, the element it stands in, the block that sets it. */
  const pieces = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (NO_TEXT.has(element.tagName) || !words(node.data)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const lines = [...range.getClientRects()].filter((box) => box.width > 0.5 && box.height > 0.5);
    if (lines.length && !hidden(element)) pieces.push({ text: words(node.data), element, lines, block: block(element) });
  }
  const images = [...document.images].filter((each) => each.checkVisibility() && !hidden(each));

  /* --- colours ---------------------------------------------------------------------------------------------- */
  const rgba = (text) => {
    const numbers = text.match(/[\d.]+/g).map(Number);
    return { r: numbers[0], g: numbers[1], b: numbers[2], a: numbers.length > 3 ? numbers[3] : 1 };
  };
  const mix = (over, under) => {
    const part = (name) => over[name] * over.a + under[name] * (1 - over.a);
    return { r: part("r"), g: part("g"), b: part("b"), a: 1 };
  };
  const light = ({ r, g, b }) => {
    const part = (value) => ((value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const contrast = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const canvas = (() => {
    const probe = document.body.appendChild(document.createElement("div"));
    probe.style.backgroundColor = "Canvas";
    const found = rgba(style(probe).backgroundColor);
    probe.remove();
    return found;
  })();
  const behind = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      layers.push(rgba(style(each).backgroundColor));
      if (style(each).backgroundImage !== "none") return null;
      if (layers.at(-1).a === 1) break;
    }
    return layers.reverse().reduce((under, over) => mix(over, under), canvas);
  };
  const opacity = (element) => {
    let found = 1;
    for (let each = element; each; each = each.parentElement) found *= Number(style(each).opacity);
    return found;
  };
  const legible = (element) => {
    const under = behind(element), ink = rgba(style(element).color);
    if (!under) return fault("faint", element, "stands on a background picture");
    const ratio = contrast(mix({ ...ink, a: ink.a * opacity(element) }, under), under);
    if (ratio < CONTRAST) fault("faint", element, `${round(ratio)}:1, ${style(element).color} on rgb(${[under.r, under.g, under.b].map(Math.round)})`);
  };
  pieces.forEach((piece) => legible(piece.element));
  if (!pictures) images.filter((each) => each.alt && !each.naturalWidth).forEach(legible);

  const ground = light(behind(document.body));
  if (dark ? ground > 0.05 : ground < 0.8) fault(dark ? "bright" : "gloomy", document.body, `the page itself, luminance ${round(ground)}`);
  for (const element of document.body.querySelectorAll("*")) {
    const own = rgba(style(element).backgroundColor), box = element.getBoundingClientRect();
    if (own.a < 0.5 || box.width * box.height < 5000 || hidden(element) || ["IMG", "BUTTON", "INPUT", "IFRAME", "SELECT", "TEXTAREA"].includes(element.tagName)) continue;
    if (element.matches(".act-cell")) continue; // a mail has no buttons: the cell around a link stands for one
    const found = light(mix(own, canvas));
    if (dark ? found > 0.2 : found < 0.5) fault(dark ? "bright" : "gloomy", element, `a surface of luminance ${round(found)}`);
  }

  /* --- room ------------------------------------------------------------------------------------------------- */
  if (document.documentElement.scrollWidth > width)
    fault("sideways", document.body, `${document.documentElement.scrollWidth} px on a screen of ${width}`);
  for (const { element, lines, block } of pieces) {
    if (scrolls(element)) continue;
    const box = block.getBoundingClientRect();
    for (const line of lines) {
      if (line.left < -0.5 || line.right > width + 0.5) fault("sideways", element, `words from ${round(line.left)} to ${round(line.right)} px`);
      if (line.left < box.left - 1 || line.right > box.right + 1) fault("out", element, `words from ${round(line.left)} to ${round(line.right)}, their box from ${round(box.left)} to ${round(box.right)} px`);
      if (line.top < -4) fault("out", element, "words above the top");
    }
  }
  for (const element of document.body.querySelectorAll("*")) {
    const found = style(element);
    const cuts = ["hidden", "clip"];
    if ((!cuts.includes(found.overflowX) && !cuts.includes(found.overflowY)) || hidden(element) || !words(element.innerText || "")) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 && box.height < 2) continue;
    if (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)
      fault("clipped", element, `${element.scrollWidth} × ${element.scrollHeight} px in ${element.clientWidth} × ${element.clientHeight}`);
  }
  for (const { element } of pieces) {
    const size = parseFloat(style(element).fontSize);
    if (size < SMALLEST) fault("small", element, `${round(size)} px`);
  }

  /* --- nothing over anything -------------------------------------------------------------------------------- */
  const ink = [];
  for (const { element, lines, block } of pieces) {
    const size = parseFloat(style(element).fontSize);
    for (const box of lines) {
      const spare = Math.max(0, (box.height - size) / 2); /* a line's rectangle is taller than its letters */
      ink.push({ element, block, left: box.left, right: box.right, top: box.top + spare, bottom: box.bottom - spare });
    }
  }
  for (const element of [...images, ...document.querySelectorAll("iframe")]) {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    if (right - left > 1 && bottom - top > 1) ink.push({ element, block: element, left, right, top, bottom });
  }
  ink.sort((one, other) => one.top - other.top);
  ink.forEach((one, index) => {
    for (let next = index + 1; next < ink.length && ink[next].top < one.bottom - 1; next++) {
      const other = ink[next];
      if (one.block === other.block || scrolls(one.element) || scrolls(other.element)) continue;
      if (Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 && Math.min(one.bottom, other.bottom) - other.top > 1)
        fault("over", one.element, `lies over ${place(other.element)}`);
    }
  });

  /* --- things to tap: WCAG 2.5.8 excepts links in a sentence ------------------------------------------------- */
  const alone = (link) => {
    const around = block(link);
    let others = "";
    const inside = document.createTreeWalker(around, NodeFilter.SHOW_TEXT);
    for (let node = inside.nextNode(); node; node = inside.nextNode())
      if (!node.parentElement.closest("a, button, summary, style, script") && node.parentElement.checkVisibility()) others += node.data;
    others = others.replace(/^[^:]{1,24}:/, ""); /* "Feeds: Atom · RSS" is a row of links, too */
    return !/[\p{L}\p{N}.!?…؟]/u.test(others); /* with a full stop after it, it is a sentence of an editor's */
  };
  for (const element of document.body.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")) {
    if (!element.checkVisibility() || hidden(element) || (element.tagName === "A" && !alone(element))) continue;
    const boxes = [element, ...(element.labels || [])].map((each) => each.getBoundingClientRect());
    const wide = Math.max(...boxes.map((box) => box.width)), high = Math.max(...boxes.map((box) => box.height));
    if (wide < TARGET - 0.5 || high < TARGET - 0.5) fault("target", element, `${round(wide)} × ${round(high)} px`);
  }

  /* --- from the right ---------------------------------------------------------------------------------------- */
  const RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/g;
  const fromRight = (own) => {
    const text = own.map((piece) => piece.text).join("");
    return 2 * (text.match(RIGHT) || []).length > (text.match(/\p{L}/gu) || []).length;
  };
  const blocks = new Map();
  for (const piece of pieces) blocks.set(piece.block, [...(blocks.get(piece.block) || []), piece]);
  for (const [element, own] of blocks) {
    const found = style(element);
    if (!fromRight(own) || found.textAlign === "center" || scrolls(element)) continue;
    if (getComputedStyle(element, "::before").content !== "none") continue; /* a label stands before the words */
    const lines = own.flatMap((piece) => piece.lines), box = element.getBoundingClientRect();
    const first = Math.min(...lines.map((line) => line.bottom));
    const end = Math.max(...lines.filter((line) => line.top < first).map((line) => line.right));
    const edge = box.right - parseFloat(found.paddingRight) - parseFloat(found.borderRightWidth);
    if (Math.abs(edge - end) > 2) fault("side", element, `ends at ${round(end)}, its box at ${round(edge)} px`);
  }
  for (const item of document.querySelectorAll("[role=listitem]")) {
    const own = pieces.filter((piece) => item.contains(piece.element));
    if (own.length > 1 && fromRight(own) && own[0].lines[0].left < own[1].lines[0].right - 1)
      fault("side", item, "its sign does not stand at the right");
  }

  /* --- pictures ---------------------------------------------------------------------------------------------- */
  for (const image of images) {
    const box = image.getBoundingClientRect();
    if (box.left < -0.5 || box.right > width + 0.5) fault("sideways", image, `from ${round(box.left)} to ${round(box.right)} px`);
    if (!pictures) continue;
    if (!image.naturalWidth) fault("picture", image, "not loaded");
    else if (Math.abs(box.width / box.height / (image.naturalWidth / image.naturalHeight) - 1) > 0.02)
      fault("picture", image, `${round(box.width)} × ${round(box.height)} px of ${image.naturalWidth} × ${image.naturalHeight}`);
  }
  return [...faults];
}
