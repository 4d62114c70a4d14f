import java.io.File;
import org.apache.http.auth.AuthScope;
import org.apache.http.auth.UsernamePasswordCredentials;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.FileEntity;
import org.apache.http.impl.client.BasicCredentialsProvider;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;

public class Apache4 {
    public static void main(String[] args) throws Exception {
        BasicCredentialsProvider credentials = new BasicCredentialsProvider();
        credentials.setCredentials(AuthScope.ANY, new UsernamePasswordCredentials(args[1], args[2]));
        RequestConfig config =
            RequestConfig.custom().setExpectContinueEnabled(args[4].equals("expect")).build();
        try (CloseableHttpClient client =
            HttpClients.custom().setDefaultCredentialsProvider(credentials).build()) {
            HttpPost post = new HttpPost(args[0]);
            post.setConfig(config);
            post.setEntity(new FileEntity(new File(args[3]), ContentType.APPLICATION_XML));
            try (CloseableHttpResponse response = client.execute(post)) {
                System.out.println(response.getStatusLine().getStatusCode());
            }
        }
    }
}
