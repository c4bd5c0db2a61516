// Reads the feeds at the given addresses with rss-parser and prints what readers would show of each.
const Parser = require("rss-parser");
const parser = new Parser({ timeout: 20000 });
(async () => {
  const read = [];
  for (const address of process.argv.slice(2)) {
    const feed = await parser.parseURL(address);
    read.push({
      title: feed.title,
      items: feed.items.map((item) => ({
        id: item.guid || item.id,
        title: item.title,
        link: item.link,
        date: item.isoDate,
        content: item["content:encoded"] || item.content || "",
      })),
    });
  }
  console.log(JSON.stringify(read));
})().catch((error) => { console.error(error); process.exit(1); });
