import { EdgewrightError, parseDeviceProfile } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { importDeviceTable } from "./import-device-table.js";

const NCNN = `device,unit,threads,powersave,gpu_device,loops,model,min_ms,max_ms,avg_ms
"Board, the big one (A76 x 4)",cpu,4,2,-1,8,squeezenet_int8,1.5,2.5,2
"Board, the big one (A76 x 4)",gpu,1,0,0,8,mobilenet-ssd,3,5,4
`;
const AIHUB = `model,component,precision,device,runtime,latency_ms,peak_mem_min_mb,peak_mem_max_mb,primary_unit,layers,layers_npu,layers_gpu,layers_cpu
bert,Bert,w8a16,Galaxy S24,onnx,669,1,30,NPU,200,52,0,148
`;
const AIHUB_MODELS = JSON.stringify({
  bert: {
    use_case: "Text Generation",
    technical_details: { "Number of parameters": "110M", "Model size (w8a16)": "109 MB" },
    accuracy: [
      ["wiki", "Top-1", "%", 0.74, "Galaxy S25", "w8a16", "qnn_dlc", 0.556],
      ["wiki", "Top-1", "%", 0.74, "Galaxy S25", "w8a16", "onnx", 0.61],
      ["wiki", "Top-1", "%", 0.74, "Galaxy S25", "float", "onnx", 0.74],
    ],
  },
});
const TFLITE = `source,device,model,precision,size_mb,top1,params_m,madds_m,cpu4_ms,gpu_fp32_ms,gpu_fp16_ms,nnapi_ms,tpu_ms
effnet-lite,Pixel 4,lite0,fp32,,75.1,4.7,407,12,9.0,6.0,,
effnet-lite,Pixel 4,lite0,int8,,74.4,4.7,407,6.5,,,,3.8
`;
const NASBENCH = `arch,pixel3_ms,raspi4_ms,eyeriss_ms,1080ti_1_ms,fpga_ms
|a|,3.6,10.4,3.6,10,2.5
|b|,17,54,7.5,12,5.3
|c|,0.003,50,10,9,5.2
`;
const MLPERF = `division,submitter,system,task,latency_ms,energy_per_inf,inf_per_s_energy_mode,accuracy_raw
closed,Krai,NUCLEO,ad,7.5,529.299 uJ/inf.,131.9,1 ulp-mlperf: Top-1: 77.8% | 1 ulp-mlperf: AUC: 0.86
open,Other,NUCLEO,kws,3,,,
`;

describe("each table becomes valid profiles", () => {
  test.each([
    ["ncnn", NCNN],
    ["aihub", AIHUB],
    ["tflite", TFLITE],
    ["nasbench", NASBENCH],
    ["mlperf", MLPERF],
  ])("%s", (_, text) => {
    for (const profile of importDeviceTable(text)) {
      expect(parseDeviceProfile(JSON.parse(JSON.stringify(profile)))).toEqual(profile);
      expect(profile.measurements.every(({ kind }) => kind === "published")).toBe(true);
    }
  });

  test("ncnn: clusters of cores, GPU, int8", () => {
    const [board] = importDeviceTable(NCNN);
    expect(board!.device.name).toBe("Board, the big one (A76 x 4)");
    expect(board!.engines.map(({ id, unit }) => [id, unit])).toEqual([
      ["cpu-4-big", "cpu"],
      ["gpu-0", "gpu"],
    ]);
    expect(board!.measurements).toMatchObject([
      {
        model: "squeezenet",
        precision: "int8",
        latencyMs: { min: 1.5, mean: 2, max: 2.5, count: 8 },
      },
      { model: "mobilenet_ssd", precision: "float", engine: "gpu-0" },
    ]);
  });

  test("AI Hub: share of layers that fell back, sizes and accuracy from the JSON beside it", () => {
    const [phone] = importDeviceTable(AIHUB, { models: AIHUB_MODELS });
    expect(phone!.measurements[0]).toMatchObject({
      engine: "onnx-npu",
      fallbackShare: 0.74,
      layersByUnit: { npu: 52, gpu: 0, cpu: 148 },
      memoryBytes: { min: 1e6, max: 3e7 },
    });
    expect(phone!.variants).toEqual([
      {
        task: "text-generation",
        model: "bert",
        precision: "w8a16",
        bytes: 109e6,
        parameters: 110e6,
        accuracy: { metric: "Top-1", value: 0.61 },
      },
    ]);
    expect(importDeviceTable(AIHUB)[0]!.variants).toEqual([]);
  });

  test("TensorFlow Lite: one engine a column, half precision is a variant of its own", () => {
    const [pixel] = importDeviceTable(TFLITE);
    expect(pixel!.measurements.map((m) => [m.precision, m.engine, m.latencyMs!.mean])).toEqual([
      ["fp32", "cpu-4", 12],
      ["fp32", "gpu", 9],
      ["fp16", "gpu", 6],
      ["int8", "cpu-4", 6.5],
      ["int8", "edgetpu", 3.8],
    ]);
    expect(pixel!.variants!.map((v) => [v.precision, v.bytes, v.accuracy!.value])).toEqual([
      ["fp32", 18.8e6, 75.1],
      ["fp16", 9.4e6, 75.1],
      ["int8", 4.7e6, 74.4],
    ]);
  });

  test("NAS-Bench-201: one profile a device, failed entries left out", () => {
    const profiles = importDeviceTable(NASBENCH);
    expect(profiles.map((p) => [p.device.name, p.engines[0]!.unit, p.measurements.length])).toEqual(
      [
        ["pixel3", "cpu", 2],
        ["raspi4", "cpu", 3],
        ["eyeriss", "accelerator", 3],
        ["1080ti_1", "gpu", 3],
        ["fpga", "fpga", 3],
      ],
    );
  });

  test("MLPerf Tiny: energy in millijoules, open submissions apart", () => {
    const [nucleo] = importDeviceTable(MLPERF);
    expect(nucleo!.measurements).toMatchObject([
      { model: "fc-autoencoder", energyMj: { median: 0.529299 } },
      { model: "ds-cnn (Other)" },
    ]);
  });
});

describe("bad lines are named", () => {
  test.each([
    [
      "a missing field",
      NCNN.replace(",1.5,2.5,2", ",1.5,2.5"),
      "table:2",
      "10 fields were expected",
    ],
    ["no number", NCNN.replace(",3,5,4", ",3,five,4"), "table:3", 'got "five"'],
    ["a negative time", TFLITE.replace("3.8", "-3.8"), "table:3", "column tpu_ms"],
    ["times out of order", NCNN.replace(",3,5,4", ",3,5,6"), "table:3", "out of order"],
    ["an unknown unit", NCNN.replace(",gpu,", ",abacus,"), "table:3", 'got "abacus"'],
    ["more layers than there are", AIHUB.replace(",52,", ",520,"), "table:2", "520 layers"],
    ["an unknown precision", TFLITE.replace("int8", "int7"), "table:3", 'got "int7"'],
    ["an unknown task", MLPERF.replace(",kws,", ",chess,"), "table:3", 'got "chess"'],
    ["an unknown energy unit", MLPERF.replace("uJ/inf.", "J"), "table:2", "energy_per_inf"],
    ["an open quote", `${NCNN}"unfinished`, "table:4", "not closed"],
    ["an unknown header", "a,b\n1,2\n", "table:1", "no known table has the columns a, b"],
    ["an empty file", "", "table:1", "the file is empty"],
  ])("%s", (_, text, where, message) => {
    try {
      importDeviceTable(text);
      expect.unreachable();
    } catch (error) {
      if (!EdgewrightError.isInstance(error)) throw error;
      expect(error.code).toBe("invalid-data");
      expect(error.where).toBe(where);
      expect(error.message).toContain(message);
    }
  });

  test("a table of models that is no JSON", () => {
    expect(() => importDeviceTable(AIHUB, { models: "{" })).toThrow("is not JSON");
  });
});
