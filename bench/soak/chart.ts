import { type EChartsOption, init, type SeriesOption } from "echarts"
import type { Second, Soak } from "./soak.ts"
import { growthBytes, noiseBytes, type Trend } from "./trend.ts"
import { memoryVerdict } from "./verdict.ts"

export const WIDTH = 1400
const PANEL_HEIGHT = 190
const TOP = 110
const GAP = 70
const LEFT = 80
const RIGHT = 40
const MIB = 1024 * 1024

const BLUE = "#1f5fa8"
const ORANGE = "#d9742b"
const RED = "#b3261e"
const GREEN = "#2b7a4b"
const GREY = "#8a8f98"

interface Line {
  readonly name: string
  readonly color: string
  readonly points: readonly (readonly [number, number | null])[]
  readonly dashed?: boolean
}

interface Panel {
  readonly title: string
  readonly isLogarithmic?: boolean
  readonly lines: readonly Line[]
}

/** The soak as an SVG: one panel below the other over the same minutes, a line for each kill. */
export function drawSoak(soak: Soak): { readonly svg: string; readonly height: number } {
  const panels = panelsOf(soak)
  const height = TOP + panels.length * (PANEL_HEIGHT + GAP)
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height })
  try {
    chart.setOption(optionOf(soak, panels))
    return { svg: chart.renderToSVGString(), height }
  } finally {
    chart.dispose()
  }
}

function panelsOf(soak: Soak): readonly Panel[] {
  const over = (value: (second: Second) => number | null): Line["points"] =>
    soak.seconds.map((second) => [minutes(second.atMs), value(second)])
  const level = (value: number): Line["points"] => [
    [0, value],
    [soak.minutes, value],
  ]
  return [
    {
      title: "operations a second",
      lines: [
        { name: "answered", color: BLUE, points: over(({ operations }) => operations) },
        { name: "aimed at", color: GREY, points: level(soak.ratePerSecond), dashed: true },
      ],
    },
    {
      title: "latency of answers, ms",
      isLogarithmic: true,
      lines: [
        { name: "longest", color: GREY, points: over(({ highestMs }) => highestMs) },
        { name: "99 of 100", color: ORANGE, points: over(({ p99Ms }) => p99Ms) },
        { name: "median", color: BLUE, points: over(({ p50Ms }) => p50Ms) },
      ],
    },
    {
      title: "resident memory of workerd, MiB",
      lines: [
        { name: "resident", color: BLUE, points: over(({ residentBytes }) => mib(residentBytes)) },
        { name: "trend", color: RED, points: trendPoints(soak.memory) },
        { name: "a process of no-ops", color: GREY, points: level(soak.noopBytes / MIB), dashed: true },
      ],
    },
    {
      title: "databases on disk, MiB",
      lines: [{ name: "stored", color: GREEN, points: over(({ storedBytes }) => mib(storedBytes)) }],
    },
    {
      title: "processor, cores",
      lines: [
        { name: "workerd", color: BLUE, points: over(({ brokerCores }) => brokerCores) },
        { name: "load", color: GREY, points: over(({ loadCores }) => loadCores) },
      ],
    },
  ]
}

function memoryText({ memory, noopBytes }: Soak): string {
  const verdict = memoryVerdict(memory, noopBytes)
  if (memory === null) return `memory was ${verdict}`
  const [grown, noise] = [growthBytes(memory), noiseBytes(memory)].map((bytes) => mib(bytes).toFixed(1))
  const lasted = minutes(memory.untilMs - memory.fromMs).toFixed(1)
  return `memory in the last ${lasted} min: ${grown} MiB more, ${noise} MiB are noise: ${verdict.toLowerCase()}`
}

function trendPoints(memory: Trend | null): Line["points"] {
  if (memory === null) return []
  const half = growthBytes(memory) / 2
  return [
    [minutes(memory.fromMs), mib(memory.levelBytes - half)],
    [minutes(memory.untilMs), mib(memory.levelBytes + half)],
  ]
}

function optionOf(soak: Soak, panels: readonly Panel[]): EChartsOption {
  const tops = panels.map((_, index) => TOP + index * (PANEL_HEIGHT + GAP))
  return {
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "sans-serif" },
    title: [
      {
        text: `Soak of ${soak.minutes} min at ${soak.ratePerSecond} operations a second, ${soak.kills.length} kills`,
        subtext: `${memoryText(soak)}; ${soak.violations.length} promises broken`,
        left: LEFT - 10,
        top: 8,
      },
      ...panels.map(({ title }, index) => ({
        text: title,
        left: LEFT - 10,
        top: tops[index]! - 28,
        textStyle: { fontSize: 13, fontWeight: "normal" as const },
      })),
    ],
    legend: panels.map(({ lines }, index) => ({
      data: lines.map(({ name }) => name),
      right: RIGHT,
      top: tops[index]! - 30,
      icon: "roundRect",
      itemHeight: 4,
      itemGap: 20,
    })),
    grid: tops.map((top) => ({ top, left: LEFT, right: RIGHT, height: PANEL_HEIGHT })),
    xAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: "value",
      min: 0,
      max: soak.minutes,
      axisLabel: { formatter: "{value} min", showMaxLabel: false },
      splitLine: { show: false },
    })),
    yAxis: panels.map(({ isLogarithmic }, gridIndex) => ({
      gridIndex,
      type: isLogarithmic === true ? "log" : "value",
      ...(isLogarithmic !== true && { min: 0 }),
    })),
    series: panels.flatMap(({ lines }, index) => lines.map((line, place) => seriesOf(line, index, place === 0, soak))),
  }
}

/** The first series of a panel brings the lines of the kills. */
function seriesOf(line: Line, index: number, isFirst: boolean, { kills }: Soak): SeriesOption {
  return {
    type: "line",
    name: line.name,
    xAxisIndex: index,
    yAxisIndex: index,
    showSymbol: false,
    color: line.color,
    lineStyle: { width: line.dashed === true ? 1 : 1.5, type: line.dashed === true ? "dashed" : "solid" },
    data: line.points.map(([x, y]) => [x, y]),
    ...(isFirst && {
      markLine: {
        symbol: "none",
        silent: true,
        label: { show: false },
        lineStyle: { color: RED, width: 1, type: "dotted" },
        data: kills.map(({ atMs }) => ({ xAxis: minutes(atMs) })),
      },
    }),
  }
}

function minutes(ms: number): number {
  return ms / 60_000
}

function mib<T extends number | null>(bytes: T): T {
  return (bytes === null ? null : bytes / MIB) as T
}
