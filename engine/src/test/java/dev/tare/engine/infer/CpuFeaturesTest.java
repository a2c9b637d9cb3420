package dev.tare.engine.infer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CpuFeaturesTest {

  private static CpuFeatures parse(String architecture, String cpuinfo) {
    return CpuFeatures.parse(architecture, cpuinfo.lines().toList());
  }

  @Test
  void firstProcessorOfAnX86Machine() {
    CpuFeatures cpu =
        parse(
            "amd64",
            """
            processor\t: 0
            vendor_id\t: GenuineIntel
            model name\t: Intel(R) Xeon(R) Gold 6348 CPU @ 2.60GHz
            cpu MHz\t\t: 2600.000
            flags\t\t: fpu vme sse4_1 sse4_2 avx f16c fma avx2 avx512f avx512_vnni hypervisor
            bugs\t\t: spectre_v1
            a line without a colon

            processor\t: 1
            model name\t: another
            flags\t\t: fpu amx_int8
            """);
    assertThat(cpu.model()).isEqualTo("Intel(R) Xeon(R) Gold 6348 CPU @ 2.60GHz");
    assertThat(cpu.features())
        .containsExactly("amd64", "avx", "avx2", "avx512_vnni", "avx512f", "f16c", "fma", "sse4_1");
    assertThat(cpu.fingerprint()).isEqualTo("amd64+avx+avx2+avx512_vnni+avx512f+f16c+fma+sse4_1");
    assertThat(cpu.exactInt8Products()).isTrue();
  }

  @Test
  void x86WithoutVnniSaturates() {
    assertThat(parse("amd64", "flags : avx avx2 avx512f avx512bw").exactInt8Products()).isFalse();
    assertThat(parse("amd64", "flags : avx2 avx_vnni").exactInt8Products()).isTrue();
  }

  @Test
  void armMachineHasFeaturesAndNoName() {
    CpuFeatures cpu =
        parse(
            "aarch64",
            """
            processor\t: 0
            BogoMIPS\t: 243.75
            Features\t: fp asimd evtstrm aes asimdhp asimddp sve i8mm bf16
            CPU implementer\t: 0x41
            """);
    assertThat(cpu.model()).isEqualTo("aarch64");
    assertThat(cpu.features())
        .containsExactly("aarch64", "asimd", "asimddp", "asimdhp", "bf16", "i8mm", "sve");
    assertThat(cpu.exactInt8Products()).isTrue();
  }

  @Test
  void architectureIsKnownWhereTheSystemTellsNothing() {
    CpuFeatures cpu = CpuFeatures.parse("amd64", List.of());
    assertThat(cpu.model()).isEqualTo("amd64");
    assertThat(cpu.fingerprint()).isEqualTo("amd64");
    assertThat(CpuFeatures.current().features()).contains(System.getProperty("os.arch"));
  }
}
