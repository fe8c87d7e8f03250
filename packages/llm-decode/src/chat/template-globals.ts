import type { TemplateBudget } from "./template-budget.js";

/**
 * What templates find besides the conversation: the constants, `range`, `raise_exception` and `strftime_now`,
 * as chat templates of transformers do.
 */
export function templateGlobals(budget: TemplateBudget, now: () => Date): Record<string, unknown> {
  return {
    ...{ true: true, false: false, none: null, True: true, False: false, None: null },
    range: (...bounds: unknown[]) => rangeOf(budget, bounds),
    strftime_now: (format: unknown) => {
      const text = String(format);
      budget.spend(text.length);
      return formatTime(now(), text);
    },
    raise_exception: (message: unknown) => {
      throw new Error(typeof message === "string" ? message : "no reason given");
    },
  };
}

/** Python's `range`, counted before it is made. */
function rangeOf(budget: TemplateBudget, bounds: unknown[]): number[] {
  const numbers = bounds.filter((bound): bound is number => typeof bound === "number");
  const [start, stop, step] =
    numbers.length < 2 ? [0, numbers[0] ?? 0, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  if (numbers.length !== bounds.length || bounds.length < 1 || bounds.length > 3 || step === 0) {
    throw new Error("range() expects 1 to 3 numbers, and a step that is not 0");
  }
  const count = Math.max(0, Math.ceil((stop - start) / step));
  budget.spend(Number.isNaN(count) ? Number.POSITIVE_INFINITY : count);
  return Array.from({ length: count }, (_, i) => start + i * step);
}

/** C's `strftime` in English, for what templates ask for. */
function formatTime(date: Date, format: string): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const name = (options: Intl.DateTimeFormatOptions): string =>
    date.toLocaleDateString("en-US", options);
  return format.replace(/%[YymdBbAaHMS%]/g, (field) => {
    if (field === "%Y") return String(date.getFullYear());
    if (field === "%y") return two(date.getFullYear() % 100);
    if (field === "%m") return two(date.getMonth() + 1);
    if (field === "%d") return two(date.getDate());
    if (field === "%B") return name({ month: "long" });
    if (field === "%b") return name({ month: "short" });
    if (field === "%A") return name({ weekday: "long" });
    if (field === "%a") return name({ weekday: "short" });
    if (field === "%H") return two(date.getHours());
    if (field === "%M") return two(date.getMinutes());
    return field === "%S" ? two(date.getSeconds()) : "%";
  });
}
