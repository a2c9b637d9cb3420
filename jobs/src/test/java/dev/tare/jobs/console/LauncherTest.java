package dev.tare.jobs.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class LauncherTest {

  @Test
  void commandsBeginAsTheUserTypesThem() {
    assertThat(Launcher.name(Optional.of("deploy/tare"))).isEqualTo("deploy/tare");
    assertThat(Launcher.name(Optional.of("tare-0.1.0/bin/tare"))).isEqualTo("tare-0.1.0/bin/tare");
    assertThat(Launcher.name(Optional.of("../deploy/tare"))).isEqualTo("../deploy/tare");
    assertThat(Launcher.name(Optional.of("tare"))).isEqualTo("tare");
    assertThat(Launcher.name(Optional.empty())).isEqualTo("tare");
  }

  @Test
  void whatAShellWouldTakeApartIsQuoted() {
    assertThat(Launcher.name(Optional.of("/srv/my tare/deploy/tare")))
        .isEqualTo("'/srv/my tare/deploy/tare'");
    assertThat(Launcher.name(Optional.of("a'b/tare"))).isEqualTo("'a'\\''b/tare'");
  }
}
