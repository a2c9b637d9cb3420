package dev.tare.jobs.faults;

import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.MultipartUploaderBuilder;
import org.apache.hadoop.fs.Path;

/** A store whose user may delete files and not list uploads. */
public final class UploadsForbidden extends OddFileSystem {

  public static Configuration configured() {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.forbidden.impl", UploadsForbidden.class.getName());
    return hadoop;
  }

  @Override
  public boolean hasPathCapability(Path path, String capability) throws IOException {
    return capability.equals(CommonPathCapabilities.FS_MULTIPART_UPLOADER)
        || super.hasPathCapability(path, capability);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public MultipartUploaderBuilder createMultipartUploader(Path path) throws IOException {
    throw new AccessDeniedException(path.getName(), null, "no right to list uploads");
  }

  @Override
  public URI getUri() {
    return URI.create("forbidden:///");
  }

  @Override
  public String getScheme() {
    return "forbidden";
  }
}
