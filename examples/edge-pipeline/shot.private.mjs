import { chromium } from "playwright";
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const [name, w, h, scheme] of [["laptop",1280,800,"light"],["phone",390,844,"light"],["dark",1280,800,"dark"]]) {
  const p = await b.newPage({ viewport: { width: w, height: h }, colorScheme: scheme, deviceScaleFactor: name==="phone"?1.5:1 });
  const errors=[]; p.on("pageerror",e=>errors.push(e.message)); p.on("console",m=>errors.push(m.text()));
  await p.goto("file://"+process.argv[2]);
  if (name==="laptop") { await p.hover(".lines li:nth-child(7)"); }
  const o = await p.evaluate(() => [document.documentElement.scrollWidth, innerWidth, document.documentElement.scrollHeight]);
  console.log(name, o, errors);
  await p.screenshot({ path: `/tmp/h/${name}.png`, fullPage: true });
  if (name==="laptop") { await p.mouse.move(5,5); await p.screenshot({ path: `/tmp/h/fold.png` }); }
}
await b.close();
