import { describe, expect, test } from "vitest";
import { readCsv, type TextPieces } from "./read-csv.js";
import { readOpenBandit } from "./read-open-bandit.js";

async function fields(pieces: TextPieces): Promise<(readonly string[])[]> {
  const found: (readonly string[])[] = [];
  for await (const record of readCsv(pieces, "test")) found.push(record.fields);
  return found;
}

describe("CSV", () => {
  test("quotes, commas and breaks within them, doubled quotes, CRLF, a byte order mark, empty lines", async () => {
    const text = '\ufeffa,b\r\n"x,1","say ""hi"""\r\n\r\n"two\nlines",\n,last';
    expect(await fields([text])).toEqual([
      ["a", "b"],
      ["x,1", 'say "hi"'],
      ["two\nlines", ""],
      ["", "last"],
    ]);
  });

  test("cut anywhere, as text or bytes, it reads the same", async () => {
    const text = 'a,b\n"ü,1",2\n3,"4\n5"\n';
    const whole = await fields([text]);
    const bytes = new TextEncoder().encode(text);
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(await fields([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    }
    expect(await fields([...text])).toEqual(whole);
  });

  test("records know the line they begin on; bad quotes are named by it", async () => {
    const lines: number[] = [];
    for await (const { line } of readCsv(['a\n"b\nc"\nd'], "test")) lines.push(line);
    expect(lines).toEqual([1, 2, 4]);
    await expect(fields(['a\n"b\nc'])).rejects.toThrow("test: line 2: a quote that does not end");
    await expect(fields(['a\n"b"c'])).rejects.toThrow("line 2: a comma was expected after a quote");
  });

  test("a quote that never ends is found in time that grows with the file, not with its square", async () => {
    const lines = ['"x', ...new Array<string>(200_000).fill("1,2,3,4,5,6,7,8")];
    await expect(fields([lines.join("\n")])).rejects.toThrow("line 1: a quote that does not end");
  });
});

const HEAD = ",timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1";
const ROWS = [
  "0,2019-11-24 00:00:01+00:00,2,3,0,0.25,b,x",
  "1,2019-11-24 00:00:02+00:00,0,1,1,0.5,a,y",
  "2,2019-11-24 00:00:03+00:00,1,2,0,0.125,c,x",
];
const ITEMS = [
  ",item_id,item_feature_0,item_feature_1,item_feature_2,item_feature_3",
  "0,0,-0.5,z,p,m",
  "1,1,0.25,y,p,k",
  "2,2,1.5,z,q,l",
  "3,3,0,x,p,l",
];

describe("the Open Bandit Dataset", () => {
  test("rows, positions from 0, one-hot users without their first value, features of items", async () => {
    const data = await readOpenBandit([[HEAD, ...ROWS].join("\n")], { items: [ITEMS.join("\n")] });
    expect(data.arms).toEqual(["0", "1", "2", "3"]);
    expect([...data.chosen]).toEqual([2, 0, 1]);
    expect([...data.rewards]).toEqual([0, 1, 0]);
    expect([...data.propensities!]).toEqual([0.25, 0.5, 0.125]);
    expect([...data.positions!]).toEqual([2, 0, 1]);
    expect(data.positionCount).toBe(3);
    expect(data.contextDimension).toBe(3);
    expect([...data.contexts]).toEqual([1, 0, 0, 0, 0, 1, 0, 1, 0]);
    expect(data.armDimension).toBe(4);
    expect([...data.armFeatures![0]!]).toEqual([
      2, 0, 2, -0.5, 1, 0, 0, 0.25, 2, 1, 1, 1.5, 0, 0, 1, 0,
    ]);
  });

  test("without items, there are as many arms as the log shows", async () => {
    const data = await readOpenBandit([`${HEAD}\n`, ROWS.join("\n")]);
    expect(data.arms).toHaveLength(3);
    expect(data.armFeatures).toBeUndefined();
  });

  test.each([
    [[HEAD], "a head and at least one row were expected, got none"],
    [[HEAD.replace("click", "clicked"), ...ROWS], "line 1: a column click was expected"],
    [[HEAD, ROWS[0]!, `${ROWS[1]!},`], "line 3: 8 fields as in the head were expected, got 9"],
    [[HEAD, ROWS[0]!.replace("0.25", "0")], "line 2: a propensity above 0, at most 1 was expected"],
    [[HEAD, ROWS[0]!.replace("0.25", "1.5")], 'in propensity_score, got "1.5"'],
    [
      [HEAD, ROWS[0]!.replace(",0,0.25", ",nan,0.25")],
      'a finite reward was expected in click, got "nan"',
    ],
    [[HEAD, ROWS[0]!.replace(",2,3,", ",,3,")], 'was expected in item_id, got ""'],
    [
      [HEAD, ROWS[0]!.replace(",2,3,", ",-1,3,")],
      'line 2: a whole item from 0 to 1048575 was expected in item_id, got "-1"',
    ],
    [[HEAD, ROWS[0]!.replace(",2,3,", ",1e12,3,")], 'was expected in item_id, got "1e12"'],
  ])("damage is named by its line: %#", async (lines, message) => {
    const reading = readOpenBandit([lines.join("\n")], { where: "men.csv" });
    await expect(reading).rejects.toThrow(message);
    await expect(readOpenBandit([lines.join("\n")])).rejects.toMatchObject({
      code: "invalid-data",
    });
  });

  test("a user feature that is an id is refused before it takes all memory", async () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => `0,1,0,0.5,user ${i}\n`);
    const reading = readOpenBandit([
      "item_id,position,click,propensity_score,user_feature_0\n",
      ...rows,
    ]);
    await expect(reading).rejects.toThrow(
      "got 49999 values in 50000 rows; leave out columns such as",
    );
  });

  test("items must be those of the log, in order", async () => {
    const csv = [[HEAD, ...ROWS].join("\n")];
    await expect(readOpenBandit(csv, { items: [ITEMS.slice(0, 3).join("\n")] })).rejects.toThrow(
      "items from 0 to 1, as item_context.csv lists them, were expected, got 2",
    );
    await expect(
      readOpenBandit(csv, { items: [[ITEMS[0], ITEMS[2], ITEMS[1]].join("\n")] }),
    ).rejects.toThrow('line 2: item 0, in order from 0, was expected in item_id, got "1"');
  });
});
