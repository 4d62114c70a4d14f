import java.io.File;
import org.apache.hc.client5.http.auth.AuthScope;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.auth.BasicCredentialsProvider;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.FileEntity;

public class Apache5 {
    public static void main(String[] args) throws Exception {
        BasicCredentialsProvider credentials = new BasicCredentialsProvider();
        credentials.setCredentials(new AuthScope(null, -1),
            new UsernamePasswordCredentials(args[1], args[2].toCharArray()));
        RequestConfig config =
            RequestConfig.custom().setExpectContinueEnabled(args[4].equals("expect")).build();
        try (CloseableHttpClient client =
            HttpClients.custom().setDefaultCredentialsProvider(credentials).build()) {
            HttpPost post = new HttpPost(args[0]);
            post.setConfig(config);
            post.setEntity(new FileEntity(new File(args[3]), ContentType.APPLICATION_XML));
            int status = client.execute(post, response -> response.getCode());
            System.out.println(status);
        }
    }
}
