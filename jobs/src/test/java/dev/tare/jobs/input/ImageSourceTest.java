package dev.tare.jobs.input;

import static dev.tare.jobs.input.LocalSpark.hashes;
import static dev.tare.jobs.input.LocalSpark.spark;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.image.ChannelOrder;
import dev.tare.jobs.image.ChannelValues;
import dev.tare.jobs.image.ImageFiles;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.image.ImageSize;
import dev.tare.jobs.image.Resize;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageSourceTest {

  private static final ModelInputs FREE =
      ModelInputs.of(InputSpec.of("x", DType.FLOAT32, Dim.fixed(3), Dim.unknown(), Dim.unknown()));

  private static final ModelInputs FIXED =
      ModelInputs.of(InputSpec.of("x", DType.FLOAT32, Dim.fixed(2), Dim.fixed(2), Dim.fixed(1)));

  @TempDir Path folder;

  private DataSource open(ModelInputs inputs, ImageOptions options) {
    return DescribedData.open(
        spark(), DescribedData.of(folder.toString(), inputs).withImages(options));
  }

  private AbstractThrowableAssert<?, ? extends Throwable> refused(
      ModelInputs inputs, ImageOptions options) {
    return assertThatThrownBy(() -> open(inputs, options)).isInstanceOf(InputException.class);
  }

  private static ImageOptions size(String size) {
    return ImageOptions.DEFAULT.withSize(ImageSize.parse(size));
  }

  private void image(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private static byte[] noise(int width, int height, long seed) {
    return ImageFiles.rgb(
        width, height, new Random(seed).ints(3L * width * height, 0, 256).toArray());
  }

  @Test
  void anImageIsASampleOfTheModelsInput() throws IOException {
    image("below/odd [1] 100%.png", ImageFiles.gray(2, 2, 0, 51, 102, 255));
    DataSource source = open(FIXED, ImageOptions.DEFAULT);
    assertThat(source.format()).isEqualTo(DataFormat.IMAGES);
    assertThat(source.preparation())
        .hasToString("Optional[2x2 stretch, gray, mean 0, std 1, nhwc]");
    Row row = source.rows().collectAsList().get(0);
    assertThat((String) row.getAs(SampleRows.FILE))
        .isEqualTo("file:" + folder + "/below/odd [1] 100%.png");
    assertThat(row.isNullAt(1)).isTrue();
    Sample sample = Sample.decode(row.getAs(SampleRows.SAMPLE));
    assertThat(sample.inputs())
        .containsOnlyKeys("x")
        .containsEntry("x", Tensor.ofFloats(Shape.of(2, 2, 1), 0, .2f, .4f, 1));
    assertThat((byte[]) row.getAs(SampleRows.HASH)).isEqualTo(Sample.hash(sample.encode()));
    assertThat(source.report().rowsPerFile()).hasSize(1);
  }

  @Test
  void aBinaryColumnGivesTheSamplesOfTheFiles() throws IOException {
    for (int i = 0; i < 5; i++) {
      image(i + ".png", noise(9, 7, i));
    }
    spark().read().format("binaryFile").load(folder.toString()).createOrReplaceTempView("images");
    String files = folder.toString();
    ImageOptions column = size("4x4").withColumn("content");
    DescribedData described = DescribedData.of("table:images", FREE).withImages(column);
    DataSource source = DescribedData.open(spark(), described);
    source.report().check(0);
    assertThat(LocalSpark.hashes(source.samples()))
        .hasSize(5)
        .isEqualTo(LocalSpark.hashes(open(FREE, size("4x4")).samples()));
    assertThat(source.preparation()).isEqualTo(open(FREE, size("4x4")).preparation());

    String odd = "sql:SELECT * FROM VALUES (X''), (CAST(NULL AS BINARY)), (X'00') AS t(content)";
    assertThat(DescribedData.open(spark(), DescribedData.of(odd, FREE).withImages(column)).report())
        .extracting(InputReport::bad)
        .hasToString("{NULL=1, DAMAGED_IMAGE=1, UNSUPPORTED_IMAGE=1}");
    for (List<String> wrong :
        List.of(
            List.of("table:images", "path", "'path' is string"),
            List.of("table:images", "none", "no column 'none'"),
            List.of(files, "content", "--image-column 'content' is for tables"))) {
      ImageOptions options = size("4x4").withColumn(wrong.get(1));
      assertThatThrownBy(
              () ->
                  DescribedData.open(
                      spark(), DescribedData.of(wrong.get(0), FREE).withImages(options)))
          .isInstanceOf(InputException.class)
          .hasMessageContaining(wrong.get(2));
    }
  }

  @Test
  void optionsReachTheTensor() throws IOException {
    image("a.png", ImageFiles.rgb(2, 1, 255, 0, 51, 255, 0, 51));
    ImageOptions options =
        size("2x2")
            .withResize(Resize.PAD, 127.5)
            .withChannels(ChannelOrder.BGR)
            .withMeanAndStd(ChannelValues.of(.5), ChannelValues.of(.5));
    Row row = open(FREE, options).rows().collectAsList().get(0);
    assertThat(Sample.decode(row.getAs(SampleRows.SAMPLE)).inputs())
        .containsEntry(
            "x", Tensor.ofFloats(Shape.of(3, 2, 2), -.6f, -.6f, 0, 0, -1, -1, 0, 0, 1, 1, 0, 0));
  }

  @Test
  void contentIsKnownWithoutAnExtension() throws IOException {
    image("a", noise(3, 3, 1));
    image("b", ImageFiles.jpeg(8, 8, false, new int[64]));
    DataSource source = open(FREE, size("4x*"));
    assertThat(source.format()).isEqualTo(DataFormat.IMAGES);
    assertThat(source.report().samples()).isEqualTo(2);
  }

  @Test
  void samplesDoNotDependOnPartitionsOrOrderOrNames() throws IOException {
    for (int i = 0; i < 20; i++) {
      image("a/" + i + ".png", noise(5 + i % 3, 7, i));
      image("b/" + (19 - i) + ".png", noise(5 + i % 3, 7, i));
    }
    String wanted = "6x*";
    List<String> all = hashes(samples("a", wanted, 1));
    assertThat(all).doesNotHaveDuplicates().hasSize(20);
    assertThat(hashes(samples("a", wanted, 7))).isEqualTo(all);
    assertThat(hashes(samples("b", wanted, 2))).isEqualTo(all);
    List<String> five = hashes(Sampling.select(samples("a", wanted, 1), OptionalLong.of(5)));
    assertThat(five).isEqualTo(all.subList(0, 5));
    assertThat(hashes(Sampling.select(samples("b", wanted, 7), OptionalLong.of(5))))
        .isEqualTo(five);
    assertThat(heldOut("a", wanted)).isEqualTo(heldOut("b", wanted)).isNotEmpty();
  }

  private Dataset<Row> samples(String part, String size, int partitions) {
    return DescribedData.open(
            spark(), DescribedData.of(folder.resolve(part).toString(), FREE).withImages(size(size)))
        .rows()
        .repartition(partitions);
  }

  private List<String> heldOut(String part, String size) {
    return hashes(samples(part, size, 3)).stream()
        .filter(hash -> HashSplit.DEFAULT.heldOut(HexFormat.of().parseHex(hash)))
        .toList();
  }

  @Test
  void badImagesAreCountedByReasonNamingTheFirst() throws IOException {
    byte[] good = noise(4, 4, 1);
    image("bomb.png", ImageFiles.bomb(50_000, 50_000));
    image("cut.png", Arrays.copyOf(good, good.length - 9));
    byte[] jpeg = ImageFiles.jpeg(8, 8, false, new int[64]);
    image("cut.jpg", Arrays.copyOf(jpeg, jpeg.length / 2));
    image("empty.png", new byte[0]);
    image("good.png", good);
    image("other.JPEG", "some words".getBytes(StandardCharsets.UTF_8));
    InputReport report = open(FREE, size("4x4")).report();
    assertThat(report.rows()).isEqualTo(6);
    assertThat(report.samples()).isEqualTo(1);
    assertThat(report.bad())
        .containsEntry(Reason.DAMAGED_IMAGE, 3L)
        .containsEntry(Reason.UNSUPPORTED_IMAGE, 1L)
        .containsEntry(Reason.IMAGE_TOO_LARGE, 1L);
    String where = "file:" + folder;
    assertThatThrownBy(() -> report.check(4))
        .isInstanceOf(InputException.class)
        .hasMessage(
            ("5 of 6 rows of %s do not fit (--max-bad-rows 4): a JPEG cut off or damaged: its"
                    + " segments do not end within %d bytes (3 damaged-image, first: %s/cut.jpg);"
                    + " neither PNG nor JPEG (1 unsupported-image, first: %s/other.JPEG);"
                    + " 50000 x 50000 pixels are more than the 89478485 allowed (1 image-too-large,"
                    + " first: %s/bomb.png)")
                .formatted(folder, jpeg.length / 2, where, where, where));
    report.check(5);
  }

  @Test
  void filesOfNoBytesAreCountedAndNotLeftOut() throws IOException {
    image("empty.png", new byte[0]);
    InputReport report = open(FREE, size("4x4")).report();
    assertThatThrownBy(() -> report.check(0))
        .isInstanceOf(InputException.class)
        .hasMessageEndingWith(
            ": 0 bytes (1 damaged-image, first: file:%s/empty.png)".formatted(folder));
  }

  @Test
  void anImageThatDisappearsIsNamed() throws IOException {
    image("a.png", noise(4, 4, 1));
    image("b.png", noise(4, 4, 2));
    DataSource source = open(FREE, size("4x4"));
    Files.delete(folder.resolve("b.png"));
    assertThatThrownBy(source::report)
        .isInstanceOf(InputException.class)
        .hasMessageContaining("b.png");
  }

  @Test
  void largeFileIsRefusedWithoutReadingIt() throws IOException {
    image("good.png", noise(4, 4, 1));
    try (RandomAccessFile sparse =
        new RandomAccessFile(folder.resolve("large.png").toFile(), "rw")) {
      sparse.setLength(ImageSource.MAX_FILE_BYTES + 1);
    }
    InputReport report = open(FREE, size("4x4")).report();
    assertThat(report.samples()).isEqualTo(1);
    assertThat(report.first().get(Reason.IMAGE_TOO_LARGE))
        .hasToString(
            "file:%s/large.png: 268435457 bytes are more than the 268435456 that an image may have"
                .formatted(folder));
  }

  @Test
  void sidesThatTheModelWantsEqualAreChecked() throws IOException {
    image("a.png", noise(4, 3, 1));
    image("b.png", noise(3, 3, 1));
    ModelInputs square =
        ModelInputs.of(
            InputSpec.of("x", DType.FLOAT32, Dim.fixed(3), Dim.symbol("s"), Dim.symbol("s")));
    InputReport report = open(square, size("3x*")).report();
    assertThat(report.samples()).isEqualTo(1);
    assertThat(report.first().get(Reason.SHAPE).error())
        .isEqualTo("'s' is 3 in input 'x' and 4 in input 'x'");
  }

  @Test
  void mixtureIsRefusedUnlessImagesAreAskedFor() throws IOException {
    image("a.png", noise(3, 3, 1));
    image("notes.txt", "words".getBytes(StandardCharsets.UTF_8));
    refused(FREE, size("3x3"))
        .hasMessage(
            "Cannot read %s: file:%s/a.png is an image and file:%s/notes.txt is not; name the files"
                    .formatted(folder, folder, folder)
                + " of one format");
    InputReport report =
        DescribedData.open(
                spark(),
                DescribedData.of(folder.toString(), FREE)
                    .withFormat(DataFormat.IMAGES)
                    .withImages(size("3x3")))
            .report();
    assertThat(report.bad()).containsOnlyKeys(Reason.UNSUPPORTED_IMAGE);
  }

  @Test
  void modelsThatImagesCannotFeedAreRefused() throws IOException {
    image("a.png", noise(3, 3, 1));
    InputSpec x = FREE.specs().get(0);
    refused(FREE, ImageOptions.DEFAULT)
        .hasMessage(
            "Cannot feed images to the model: input 'x' FLOAT32 [3, ?, ?] has no size of its own;"
                + " give --image-size");
    refused(
            ModelInputs.of(InputSpec.of("x", DType.INT64, Dim.fixed(3), Dim.fixed(2))),
            ImageOptions.DEFAULT)
        .hasMessageContaining("'x' is INT64 [3, 2] but an image gives FLOAT32 of three dimensions");
    refused(ModelInputs.of(x, InputSpec.of("y", DType.FLOAT32, Dim.fixed(3))), ImageOptions.DEFAULT)
        .hasMessageContaining("an image gives one input, but it has 2: [x, y]");
    refused(
            ModelInputs.of(
                InputSpec.of("x", DType.FLOAT32, Dim.unknown(), Dim.fixed(8), Dim.fixed(8))),
            ImageOptions.DEFAULT)
        .hasMessageContaining("does not tell where the channels stand; give --image-layout");
    refused(FIXED, size("2x3"))
        .hasMessageContaining("input 'x' is FLOAT32 [2, 2, 1], which image size 2x3 cannot fill");
    refused(FIXED, ImageOptions.DEFAULT.withChannels(ChannelOrder.BGR))
        .hasMessageContaining("FLOAT32 [2, 2, 1], which bgr channels cannot fill");
    refused(FREE, size("3x*").withResize(Resize.CROP, 0))
        .hasMessage("Cannot prepare images: size 3x* has a free side, which crop cannot fill");
  }

  @Test
  void aSideThatTheModelLeavesOpenKeepsProportions() throws IOException {
    image("a.png", noise(8, 4, 1));
    ModelInputs lines =
        ModelInputs.of(
            InputSpec.of("x", DType.FLOAT32, Dim.fixed(3), Dim.fixed(2), Dim.symbol("width")));
    Row row = open(lines, ImageOptions.DEFAULT).rows().collectAsList().get(0);
    assertThat((String) row.getAs(SampleRows.SHAPE_KEY)).contains("[3, 2, 4]");
  }
}
