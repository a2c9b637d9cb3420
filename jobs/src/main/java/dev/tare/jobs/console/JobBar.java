package dev.tare.jobs.console;

import java.io.PrintStream;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress for a terminal: one line that is redrawn, and removed when the work is done. */
public final class JobBar implements JobDisplay {

  private static final int REDRAW_MILLIS = 250;
  private static final String ERASE = "\r\u001b[K";

  private final PrintStream out;
  private final int columns;
  private Optional<ProgressBar> bar = Optional.empty();
  private boolean closed;

  /**
   * @param columns width of the terminal
   */
  public JobBar(PrintStream out, int columns) {
    this.out = out;
    this.columns = columns;
  }

  @Override
  public synchronized void show(String work, long done, long total) {
    if (closed) {
      return;
    }
    if (bar.filter(b -> b.getTaskName().equals(work) && b.getMax() == total).isEmpty()) {
      erase();
      bar =
          Optional.of(
              new ProgressBarBuilder()
                  .setTaskName(work)
                  .setInitialMax(total)
                  .setUpdateIntervalMillis(REDRAW_MILLIS)
                  .setStyle(ProgressBarStyle.ASCII)
                  .setConsumer(new Line())
                  .build());
    }
    bar.get().stepTo(done);
  }

  @Override
  public synchronized void close() {
    closed = true;
    erase();
  }

  private void erase() {
    if (bar.isPresent()) {
      bar.get().close();
      bar = Optional.empty();
      // A bar that was never drawn does not close its line.
      out.print(ERASE);
      out.flush();
    }
  }

  /** Writes the terminal's last line; without JLine, which would open its own terminal. */
  private final class Line implements ProgressBarConsumer {
    @Override
    public int getMaxRenderedLength() {
      return columns - 1;
    }

    @Override
    public void accept(String text) {
      out.print('\r' + text.substring(0, Math.min(text.length(), getMaxRenderedLength())));
      out.flush();
    }

    @Override
    public void close() {}
  }
}
