package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.tare.jobs.law.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class PaddedTextTest {

  private static final String COLUMNS =
      "input_ids array<bigint>, attention_mask array<bigint>, token_type_ids array<bigint>";

  @TempDir Path folder;

  private static List<String> sentences() {
    List<String> subjects = List.of("A cat", "The old captain", "Every third prime", "Rain");
    List<String> verbs = List.of("sleeps", "remembers the harbour of his youth", "divides");
    List<String> endings = List.of("today.", "where nobody, not even the owner, would look.");
    List<String> made = new ArrayList<>();
    for (String subject : subjects) {
      for (String verb : verbs) {
        for (String ending : endings) {
          made.add(subject + " " + verb + " " + ending);
        }
      }
    }
    return made;
  }

  private String calibrate(String data, String name, String... more) throws IOException {
    Path run = folder.resolve(name);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "calibrate",
                "--model",
                MiniLm.model().toString(),
                "--data",
                data,
                "--channels",
                "extremes",
                "--output",
                run.toString()));
    arguments.addAll(List.of(more));
    tare(arguments.toArray(String[]::new)).ends(0);
    return contentSha256(run);
  }

  private static List<Long> longs(long[] values, int padTo) {
    List<Long> list = new ArrayList<>(Arrays.stream(values).boxed().toList());
    list.addAll(Collections.nCopies(Math.max(0, padTo - values.length), 0L));
    return list;
  }

  @Test
  void textAndPaddedAndUnpaddedTokensHaveTheSameContent() throws IOException {
    List<Row> padded = new ArrayList<>();
    List<String> unpadded = new ArrayList<>();
    try (HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.newInstance(
            MiniLm.tokenizer(), Map.of("padding", "do_not_pad", "modelMaxLength", "128"))) {
      for (String sentence : sentences()) {
        Encoding e = tokenizer.encode(sentence);
        padded.add(
            RowFactory.create(
                longs(e.getIds(), 32), longs(e.getAttentionMask(), 32), longs(e.getTypeIds(), 32)));
        unpadded.add(
            "{\"attention_mask\": %s, \"input_ids\": %s, \"token_type_ids\": %s}"
                .formatted(
                    Arrays.toString(e.getAttentionMask()),
                    Arrays.toString(e.getIds()),
                    Arrays.toString(e.getTypeIds())));
      }
    }
    Path text = Files.write(folder.resolve("text.txt"), sentences());
    String ofText =
        calibrate(text.toString(), "of-text", "--tokenizer", MiniLm.tokenizer().toString());
    String ofUnpadded =
        calibrate(
            Files.write(folder.resolve("unpadded.jsonl"), unpadded).toString(),
            "of-unpadded",
            "--batch-size",
            "1");
    String ofPadded =
        calibrate(
            write(folder.resolve("padded"), COLUMNS, padded.toArray(Row[]::new)),
            "of-padded",
            "--partitions",
            "3");
    assertThat(ofUnpadded).isEqualTo(ofText);
    assertThat(ofPadded).isEqualTo(ofText);
  }
}
