package dev.tare.jobs.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.input.DataFiles;
import dev.tare.jobs.input.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class LinksInDataTest {

  @TempDir Path folder;

  private Path data;
  private Path day;

  @BeforeEach
  void days() throws IOException {
    data = Files.createDirectories(folder.resolve("data"));
    day = Files.writeString(data.resolve("monday.txt"), "words\n");
  }

  private static List<String> listed(Object place) {
    return DataFiles.list(place.toString(), new Configuration()).files().stream()
        .map(file -> file.path().replaceFirst(".*/", ""))
        .toList();
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> refused(Object place) {
    return assertThatThrownBy(() -> listed(place)).isInstanceOf(InputException.class);
  }

  @Test
  void linksToAFileAndToAFolderElsewhereAreFollowedOnce() throws IOException {
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere/deep"));
    Files.writeString(elsewhere.resolve("tuesday.txt"), "words\n");
    Path file = Files.writeString(folder.resolve("wednesday.txt"), "words\n");
    Files.createSymbolicLink(data.resolve("more"), elsewhere.getParent());
    Files.createSymbolicLink(data.resolve("thursday.txt"), file);
    Path entry = Files.createSymbolicLink(folder.resolve("entry"), data);
    assertThat(listed(data)).containsExactly("monday.txt", "tuesday.txt", "thursday.txt");
    assertThat(listed(entry)).hasSize(3);
    assertThat(listed(entry + "/*")).hasSize(3);
  }

  @Test
  void aLinkToNothingIsRefusedByNameAlsoBehindAGlob() throws IOException {
    Path link = Files.createSymbolicLink(data.resolve("tuesday.txt"), Path.of("nothing"));
    String message = "Cannot read " + link + ": it is a symbolic link to nothing, which is not";
    refused(data).hasMessageContaining(message);
    refused(link).hasMessageContaining(message);
    refused(data + "/*.txt").hasMessageContaining(message);
    refused(folder + "/{data,other/x}/t*").hasMessageContaining(message);
    assertThat(listed(data + "/m*.txt")).containsExactly("monday.txt");
    Path gone = Files.createSymbolicLink(folder.resolve("dates"), Path.of("lost"));
    refused(folder + "/d*/*.txt").hasMessageContaining("Cannot read " + gone);
    refused(gone.resolve("x.txt")).hasMessageContaining("Cannot read " + gone);
  }

  @Test
  void hiddenLinksAreLeftOutAsHiddenFilesAre() throws IOException {
    Files.createSymbolicLink(data.resolve(".lock"), Path.of("host:1234"));
    Files.createSymbolicLink(data.resolve("_old"), Path.of("nothing"));
    assertThat(listed(data)).containsExactly("monday.txt");
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void loopsAreRefusedByNameHoweverTheyClose() throws IOException {
    Path self = Files.createSymbolicLink(data.resolve("again"), Path.of("."));
    Path second = Files.createSymbolicLink(data.resolve("and-again"), data);
    refused(data)
        .hasMessageContaining("Cannot read " + self + ": it is a symbolic link to " + data)
        .hasMessageContaining("again and again");
    Files.delete(self);
    Files.delete(second);
    Path other = Files.createDirectories(folder.resolve("other"));
    Files.createSymbolicLink(data.resolve("other"), other);
    Files.createSymbolicLink(other.resolve("back"), data);
    refused(data).hasMessageContaining(data + "/other/back: it is a symbolic link to " + data);
    Files.delete(data.resolve("other"));
    Path knot = Files.createSymbolicLink(data.resolve("knot"), Path.of("knot"));
    refused(data).hasMessageContaining("Cannot read " + knot + ": it is a symbolic link to knot");
  }

  @Test
  void aFileReachedByTwoNamesIsRefusedNamingBoth() throws IOException {
    Path latest = Files.createSymbolicLink(data.resolve("latest.txt"), Path.of("monday.txt"));
    Path kept = latest.compareTo(day) < 0 ? latest : day;
    refused(data)
        .hasMessageContaining("by a symbolic link it is the same file as ")
        .hasMessageContaining(kept.toString())
        .hasMessageContaining(day.toString())
        .hasMessageContaining("twice");
    Files.delete(latest);
    Path part = Files.createDirectories(data.resolve("2026-11"));
    Files.writeString(part.resolve("tuesday.txt"), "words\n");
    Files.createSymbolicLink(data.resolve("current"), part);
    refused(data).hasMessageContaining("tuesday.txt").hasMessageContaining("twice");
  }

  @Test
  void aFileThatAGlobNamesTwiceCountsOnce() throws IOException {
    Path part = Files.createDirectories(data.resolve("part"));
    Files.writeString(part.resolve("tuesday.txt"), "words\n");
    assertThat(listed(folder + "/{data,data/part}")).containsExactly("monday.txt", "tuesday.txt");
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void pipesAndDevicesAreRefusedByNameInsteadOfWaitedFor() throws Exception {
    Path pipe = data.resolve("pipe.txt");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    refused(data)
        .hasMessage(
            "Cannot read " + pipe + ": it is not a regular file but a pipe, a socket or a device");
    refused(pipe).hasMessageContaining("a pipe");
    refused("/dev/zero").hasMessageContaining("Cannot read /dev/zero: it is not a regular file");
  }
}
